/* A small interpreter: runs the Lua text that it is given. */
#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>

int main(int count, char **words)
{
    lua_State *lua = luaL_newstate();
    luaL_openlibs(lua);
    if (count < 2 || luaL_dostring(lua, words[1])) {
        fprintf(stderr, "%s\n", count < 2 ? "no text" : lua_tostring(lua, -1));
        return 1;
    }
    lua_close(lua);
    return 0;
}
