/* libX11 with a server: a window, what is drawn on it read back, atoms, errors. */
#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <stdio.h>

static int failed(Display *display, XErrorEvent *event)
{
    char text[80];
    XGetErrorText(display, event->error_code, text, sizeof text);
    printf("error: %s\n", text);
    return 0;
}

int main(void)
{
    Display *display = XOpenDisplay(NULL);
    XEvent event;
    if (!display)
        return 1;
    int screen = DefaultScreen(display);
    Window window = XCreateSimpleWindow(display, RootWindow(display, screen), 0, 0, 100, 50, 1, 0, 0xffffff);
    XSelectInput(display, window, ExposureMask | StructureNotifyMask);
    XMapWindow(display, window);
    do
        XNextEvent(display, &event);
    while (event.type != Expose);
    GC gc = XCreateGC(display, window, 0, NULL);
    XSetForeground(display, gc, 0x123456);
    XFillRectangle(display, window, gc, 10, 10, 20, 20);
    XImage *image = XGetImage(display, window, 0, 0, 40, 40, AllPlanes, ZPixmap);
    printf("%lx %lx\n", XGetPixel(image, 15, 15) & 0xffffff, XGetPixel(image, 5, 5) & 0xffffff);
    XDestroyImage(image);
    Atom atom = XInternAtom(display, "STATICCXX", False);
    char *name = XGetAtomName(display, atom);
    printf("%s\n%s %lx\n", name, XKeysymToString(0xff0d), XStringToKeysym("Escape"));
    XFree(name);
    XSetErrorHandler(failed);
    XMapWindow(display, 0xffffff0);
    XSync(display, False);
    XCloseDisplay(display);
    return 0;
}
