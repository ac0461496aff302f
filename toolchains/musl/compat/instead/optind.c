int optind = 1;
