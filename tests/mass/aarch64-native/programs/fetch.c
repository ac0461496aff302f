// -lcurl
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

int main(int count, char **words)
{
    char url[4096];
    curl_version_info_data *about;
    CURL *curl;
    CURLcode done;
    if (count != 2 || curl_global_init(CURL_GLOBAL_ALL) != 0)
        return 2;
    about = curl_version_info(CURLVERSION_NOW);
    printf("%s %s %s %d\n", about->version, about->ssl_version, about->libz_version, about->features);
    snprintf(url, sizeof url, "file://%s", words[1]);
    curl = curl_easy_init();
    curl_easy_setopt(curl, CURLOPT_URL, url);
    done = curl_easy_perform(curl);
    curl_easy_setopt(curl, CURLOPT_URL, "nowhere://");
    printf("%d %s\n", (int)done, curl_easy_strerror(curl_easy_perform(curl)));
    curl_easy_cleanup(curl);
    return 0;
}
