int opterr = 1;
