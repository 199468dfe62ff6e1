import { realpathSync } from 'node:fs';
import { dirname } from 'node:path';

/** The folder of the running Node.js, which a sandbox shows only where it is a folder of the system. */
export const NODE_FOLDER = dirname(dirname(realpathSync(process.execPath)));
