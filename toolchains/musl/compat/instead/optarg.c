char *optarg;
