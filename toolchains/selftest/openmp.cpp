// OpenMP: a loop in parallel, its reduction, and its run-time library's functions.
#include <cstdio>
#include <omp.h>
#include <vector>

int main() {
    omp_set_num_threads(4);
    std::vector<double> values(100000, 0.5);
    double sum = 0;
    int threads = 0;
#pragma omp parallel for reduction(+ : sum)
    for (int i = 0; i < 100000; i++)
        sum += values[static_cast<std::size_t>(i)];
#pragma omp parallel
    {
#pragma omp atomic
        threads++;
    }
    if (sum != 50000 || threads != 4) {
        std::printf("sum %f of %d threads\n", sum, threads);
        return 1;
    }
    std::puts("ok");
}
