/* strerror_r in glibc's form. The texts of known numbers are musl's. They are put into the buffer too, which glibc leaves
   alone: code that was not written for this form looks there. */

#include <stdio.h>
#include <string.h>

char *__gnu_strerror_r(int number, char *room, size_t size)
{
	char *text = strerror(number);
	if (!number)
		text = (char *)"Success";
	else if (text == strerror(-1)) { /* musl has one text for all that it does not know. */
		snprintf(room, size, "Unknown error %d", number);
		return room;
	}
	snprintf(room, size, "%s", text);
	return text;
}
