int optopt = '?';
