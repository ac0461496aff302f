/* Headers are packed, and a session begins with its greeting. */
#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <string.h>

static ssize_t sent(nghttp2_session *session, const uint8_t *bytes, size_t length, int flags, void *data)
{
    (void)session, (void)flags;
    *(int *)data |= length >= 24 && !memcmp(bytes, "PRI * HTTP/2.0", 14);
    return (ssize_t)length;
}

int main(void)
{
    nghttp2_hd_deflater *deflater;
    uint8_t packed[64];
    nghttp2_nv header = { (uint8_t *)":method", (uint8_t *)"GET", 7, 3, NGHTTP2_NV_FLAG_NONE };
    if (nghttp2_hd_deflate_new(&deflater, 4096) || nghttp2_hd_deflate_hd(deflater, packed, sizeof packed, &header, 1) != 1)
        return 1;
    nghttp2_hd_deflate_del(deflater);
    nghttp2_session_callbacks *callbacks;
    nghttp2_session *session;
    int greeted = 0;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_send_callback(callbacks, sent);
    if (nghttp2_session_client_new(&session, callbacks, &greeted))
        return 2;
    nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, NULL, 0);
    if (nghttp2_session_send(session) || !greeted)
        return 3;
    nghttp2_session_del(session);
    nghttp2_session_callbacks_del(callbacks);
    puts("ok");
    return 0;
}
