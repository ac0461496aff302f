int nobody_has_this(void);
int fine(void) { return 5; }
int not_fine(void) { return nobody_has_this(); }
