int give(void) { return 41; }
