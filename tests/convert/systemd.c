/* libsystemd: a method call over a socket pair, with a server in a thread, and an event loop. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>
#include <systemd/sd-id128.h>
#include <unistd.h>

static int ends[2], ticks;

static int ping(sd_bus_message *m, void *user, sd_bus_error *error)
{
    const char *word;
    int number;
    (void)user, (void)error;
    printf("asked: %d\n", sd_bus_message_read(m, "si", &word, &number) >= 0);
    printf("with %s %d\n", word, number);
    return sd_bus_reply_method_return(m, "s", "pong");
}

static const sd_bus_vtable methods[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("Ping", "si", "s", ping, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END,
};

static void *serve(void *unused)
{
    sd_bus *bus;
    sd_id128_t id;
    int r;
    (void)unused;
    sd_id128_randomize(&id);
    sd_bus_new(&bus);
    sd_bus_set_fd(bus, ends[0], ends[0]);
    sd_bus_set_server(bus, 1, id);
    sd_bus_set_anonymous(bus, 1);
    sd_bus_set_trusted(bus, 1);
    sd_bus_start(bus);
    sd_bus_add_object_vtable(bus, NULL, "/here", "test.Ping", methods, NULL);
    while ((r = sd_bus_process(bus, NULL)) >= 0)
        if (r == 0 && sd_bus_wait(bus, (uint64_t)-1) < 0)
            break;
    sd_bus_unref(bus);
    return NULL;
}

static int tick(sd_event_source *source, uint64_t when, void *event)
{
    (void)when;
    printf("tick %d\n", ++ticks);
    if (ticks == 3)
        return sd_event_exit(event, 42);
    sd_event_source_set_time_relative(source, 1000);
    return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

int main(void)
{
    sd_event *event;
    sd_bus *bus;
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message *reply = NULL;
    const char *word = "nothing";
    pthread_t server;
    int r;
    sd_event_new(&event);
    sd_event_add_time_relative(event, NULL, CLOCK_MONOTONIC, 1000, 0, tick, event);
    printf("loop %d\n", sd_event_loop(event));
    sd_event_unref(event);
    socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
    pthread_create(&server, NULL, serve, NULL);
    sd_bus_new(&bus);
    sd_bus_set_fd(bus, ends[1], ends[1]);
    sd_bus_set_anonymous(bus, 1);
    sd_bus_set_trusted(bus, 1);
    sd_bus_start(bus);
    r = sd_bus_call_method(bus, NULL, "/here", "test.Ping", "Ping", &error, &reply, "si", "hi", 7);
    if (r >= 0)
        sd_bus_message_read(reply, "s", &word);
    printf("answer %d %s\n", r >= 0, word);
    sd_bus_message_unref(reply);
    sd_bus_call_method(bus, NULL, "/here", "test.Ping", "Nothing", &error, NULL, "");
    printf("error %s\n", error.name);
    sd_bus_error_free(&error);
    sd_bus_flush_close_unref(bus);
    pthread_join(server, NULL);
    return 0;
}
