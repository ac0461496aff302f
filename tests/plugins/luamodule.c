/* A module for it, with a function that fails by Lua's longjmp. */
#include <lauxlib.h>
#include <math.h>

static int root(lua_State *lua)
{
    double x = luaL_checknumber(lua, 1);
    if (x < 0)
        return luaL_error(lua, "no root of %f", x);
    lua_pushnumber(lua, cbrt(x));
    return 1;
}

static const luaL_Reg functions[] = {{"root", root}, {0, 0}};

int luaopen_rooted(lua_State *lua)
{
    luaL_newlib(lua, functions);
    return 1;
}
