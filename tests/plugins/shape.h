struct Shape {
    virtual ~Shape();
    virtual const char *name() const = 0;
    virtual double area() const = 0;
    virtual void fail() const = 0;
    static int made;
};
struct Square : Shape {
    explicit Square(double side) : side(side) { made++; }
    const char *name() const override { return "square"; }
    double area() const override { return side * side; }
    void fail() const override;
    double side;
};
