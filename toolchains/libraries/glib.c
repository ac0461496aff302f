/* Regular expressions, character sets, threads with a main loop, an object whose signal is called by libffi, and a stream
   through zlib. */
#include <gio/gio.h>
#include <gio/gunixoutputstream.h>
#include <glib.h>
#include <string.h>
#include <unistd.h>

static GMainLoop *loop;
static int called;

static void take(GObject *object, double half, const char *text, gpointer data)
{
    (void)object;
    called += half == 0.5 && !strcmp(text, "text") && data == &called;
}

static gboolean leave(gpointer data)
{
    (void)data;
    g_main_loop_quit(loop);
    return G_SOURCE_REMOVE;
}

static gpointer work(gpointer queue)
{
    for (int i = 1; i <= 100; i++)
        g_async_queue_push(queue, GINT_TO_POINTER(i));
    g_idle_add(leave, NULL);
    return NULL;
}

static int threads(void)
{
    GAsyncQueue *queue = g_async_queue_new();
    loop = g_main_loop_new(NULL, FALSE);
    GThread *thread = g_thread_new("work", work, queue);
    g_main_loop_run(loop);
    g_thread_join(thread);
    int sum = 0;
    for (gpointer value; (value = g_async_queue_try_pop(queue));)
        sum += GPOINTER_TO_INT(value);
    g_async_queue_unref(queue);
    g_main_loop_unref(loop);
    return sum;
}

static void text(void)
{
    GRegex *regex = g_regex_new("(\\p{Lu})(\\w+)", G_REGEX_OPTIMIZE, 0, NULL);
    char *changed = g_regex_replace(regex, "Ärger und Öl", -1, 0, "\\2\\1", 0, NULL);
    g_assert_cmpstr(changed, ==, "rgerÄ und lÖ");
    char *latin = g_convert("\xe4", 1, "UTF-8", "ISO-8859-1", NULL, NULL, NULL);
    char *upper = g_utf8_strup(latin, -1);
    g_assert_cmpstr(upper, ==, "Ä");
    g_regex_unref(regex);
    g_free(changed), g_free(latin), g_free(upper);
}

static void objects(void)
{
    g_signal_new("taken", G_TYPE_OBJECT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, g_cclosure_marshal_generic, G_TYPE_NONE, 2,
                 G_TYPE_DOUBLE, G_TYPE_STRING);
    GObject *object = g_object_new(G_TYPE_OBJECT, NULL);
    g_signal_connect(object, "taken", G_CALLBACK(take), &called);
    g_signal_emit_by_name(object, "taken", 0.5, "text");
    g_object_unref(object);
    g_assert_cmpint(called, ==, 1);
}

static void streams(void)
{
    GConverter *pack = G_CONVERTER(g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP, 9));
    GOutputStream *bytes = g_memory_output_stream_new_resizable();
    GOutputStream *packed = g_converter_output_stream_new(bytes, pack);
    char many[4096];
    memset(many, 'a', sizeof many);
    g_assert_true(g_output_stream_write_all(packed, many, sizeof many, NULL, NULL, NULL));
    g_assert_true(g_output_stream_close(packed, NULL, NULL));
    g_assert_cmpuint(g_memory_output_stream_get_data_size(G_MEMORY_OUTPUT_STREAM(bytes)), <, 100);
    g_object_unref(packed), g_object_unref(bytes), g_object_unref(pack);
    GFile *file = g_file_new_for_path("/tmp/static-library-test.txt");
    char *read = NULL;
    g_assert_true(g_file_replace_contents(file, "hello", 5, NULL, FALSE, 0, NULL, NULL, NULL));
    g_assert_true(g_file_load_contents(file, NULL, &read, NULL, NULL, NULL));
    g_assert_cmpstr(read, ==, "hello");
    g_assert_true(g_file_delete(file, NULL, NULL));
    g_object_unref(file), g_free(read);
}

int main(void)
{
    text();
    objects();
    streams();
    if (threads() != 5050)
        return 1;
    GOutputStream *out = g_unix_output_stream_new(STDOUT_FILENO, FALSE);
    gboolean written = g_output_stream_printf(out, NULL, NULL, NULL, "ok\n");
    g_object_unref(out);
    return !written;
}
