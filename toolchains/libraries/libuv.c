/* A timer and work in another thread. */
#include <stdio.h>
#include <uv.h>

static int worked, fired;

static void work(uv_work_t *request)
{
    (void)request;
    worked = 1;
}

static void fire(uv_timer_t *timer)
{
    fired++;
    uv_close((uv_handle_t *)timer, NULL);
}

int main(void)
{
    uv_loop_t *loop = uv_default_loop();
    uv_timer_t timer;
    uv_work_t request;
    if (uv_timer_init(loop, &timer) || uv_timer_start(&timer, fire, 1, 0) || uv_queue_work(loop, &request, work, NULL))
        return 1;
    if (uv_run(loop, UV_RUN_DEFAULT) || !worked || fired != 1)
        return 2;
    puts("ok");
    return 0;
}
