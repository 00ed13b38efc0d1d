import { runOpcuaProcess } from "./child.ts";

runOpcuaProcess(() => import("./server.ts"));
