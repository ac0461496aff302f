int __optreset;
extern int optreset __attribute__((__weak__, __alias__("__optreset")));
