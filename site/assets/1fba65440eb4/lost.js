// A page that does not exist still has the cart.

import { refresh, startShell } from "./shell.js";

startShell(() => {});
void refresh();
