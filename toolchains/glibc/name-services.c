/* A static glibc program uses only the built-in name services: files and dns.

   Whatever /etc/nsswitch.conf says, no libnss_*.so is loaded. Loading one into a static program only works with the
   exact glibc that it was linked with; otherwise the program crashes.  */
extern int __nss_configure_lookup(const char *database, const char *services);

static const char *const from_files[] = {
    "aliases", "ethers", "group", "gshadow", "initgroups", "netgroup", "passwd",
    "protocols", "publickey", "rpc", "services", "shadow",
};

static const char *const from_dns_too[] = {"hosts", "networks"};

/* Identifies finished programs that contain this, stripped or not.  */
__attribute__((used)) const char staticcxx_name_services[] = "staticcxx: name services are files and dns";

__attribute__((constructor(101))) static void pin(void) {
    for (unsigned i = 0; i < sizeof from_files / sizeof *from_files; i++)
        __nss_configure_lookup(from_files[i], "files");
    for (unsigned i = 0; i < sizeof from_dns_too / sizeof *from_dns_too; i++)
        __nss_configure_lookup(from_dns_too[i], "files dns");
}
