import { randomUUID } from 'node:crypto';
import { Warden } from './warden.js';

/** The common part of the markers of all agents of this run of the server. */
export const SERVER_RUN_ID = randomUUID();

/** The warden of all agents of this server. */
export const serverWarden = new Warden(`${SERVER_RUN_ID}.`);
