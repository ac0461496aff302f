/* A glyph of a small font is read, and a square is drawn. */
#include <ft2build.h>
#include FT_FREETYPE_H
#include FT_OUTLINE_H
#include <stdio.h>
#include <string.h>

static const char font[] = "STARTFONT 2.1\nFONT -x-test-medium-r-normal--8-80-75-75-c-80-iso10646-1\nSIZE 8 75 75\nFONTBOUNDINGBOX 8 8 0 0\n"
    "STARTPROPERTIES 4\nFONT_ASCENT 8\nFONT_DESCENT 0\nCHARSET_REGISTRY \"ISO10646\"\nCHARSET_ENCODING \"1\"\nENDPROPERTIES\n"
    "CHARS 1\nSTARTCHAR A\nENCODING 65\nSWIDTH 1000 0\nDWIDTH 8 0\nBBX 8 8 0 0\nBITMAP\n"
    "18\n3C\n66\n66\n7E\n66\n66\n00\nENDCHAR\nENDFONT\n";

int main(void)
{
    FT_Library library;
    FT_Face face;
    if (FT_Init_FreeType(&library))
        return 1;
    if (FT_New_Memory_Face(library, (const FT_Byte *)font, sizeof font - 1, 0, &face))
        return 2;
    if (FT_Set_Pixel_Sizes(face, 0, 8) || FT_Load_Char(face, 'A', FT_LOAD_DEFAULT))
        return 3;
    const FT_Bitmap *glyph = &face->glyph->bitmap;
    if (glyph->rows != 8 || glyph->width != 8 || glyph->buffer[0] != 0x18 || glyph->buffer[4 * glyph->pitch] != 0x7e)
        return 4;
    FT_Done_Face(face);

    /* A square of half the side of a picture of 8 by 8 pixels covers a quarter of it. */
    FT_Vector points[] = { { 128, 128 }, { 128, 384 }, { 384, 384 }, { 384, 128 } };
    char tags[] = { 1, 1, 1, 1 };
    short contours[] = { 3 };
    FT_Outline square = { .n_contours = 1, .n_points = 4, .points = points, .tags = tags, .contours = contours };
    unsigned char pixels[8 * 8] = { 0 };
    FT_Bitmap picture = { .rows = 8, .width = 8, .pitch = 8, .buffer = pixels, .num_grays = 256, .pixel_mode = FT_PIXEL_MODE_GRAY };
    if (FT_Outline_Get_Bitmap(library, &square, &picture))
        return 5;
    int covered = 0;
    for (size_t i = 0; i < sizeof pixels; i++)
        covered += pixels[i] == 255;
    if (covered != 16)
        return 6;
    FT_Done_FreeType(library);
    puts("ok");
    return 0;
}
