/* What is written to one end of a pair of buffers arrives by an event at the other. */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/thread.h>
#include <stdio.h>
#include <string.h>

static char text[16];

static void arrived(struct bufferevent *from, void *base)
{
    size_t size = bufferevent_read(from, text + strlen(text), sizeof text - 1 - strlen(text));
    if (size && strlen(text) >= 5)
        event_base_loopbreak(base);
}

static void late(evutil_socket_t fd, short what, void *base)
{
    (void)fd, (void)what;
    event_base_loopexit(base, NULL);
}

int main(void)
{
    struct bufferevent *pair[2];
    struct timeval wait = { 20, 0 };
    if (evthread_use_pthreads())
        return 1;
    struct event_base *base = event_base_new();
    if (!base || bufferevent_pair_new(base, 0, pair))
        return 2;
    struct event *timer = evtimer_new(base, late, base);
    evtimer_add(timer, &wait);
    bufferevent_setcb(pair[1], arrived, NULL, NULL, base);
    bufferevent_enable(pair[1], EV_READ);
    bufferevent_enable(pair[0], EV_WRITE);
    bufferevent_write(pair[0], "hello", 5);
    event_base_dispatch(base);
    if (strcmp(text, "hello"))
        return 3;
    event_free(timer);
    bufferevent_free(pair[0]);
    bufferevent_free(pair[1]);
    event_base_free(base);
    puts("ok");
    return 0;
}
