# ninja by make alone, in a root without Python and CMake. From its source directory: make -f ninja.mk
CXXFLAGS = -O2 -DNDEBUG -std=c++11 -Wno-deprecated
sources = $(filter-out src/browse.cc %_test.cc %_perftest.cc %_bench.cc %.in.cc src/test.cc %-win32.cc, \
    $(wildcard src/*.cc))

ninja: $(sources:.cc=.o)
	$(CXX) $^ -o $@

src/%.o: src/%.cc $(wildcard src/*.h)
	$(CXX) $(CXXFLAGS) -c $< -o $@
