import { CapabilitiesController } from './capabilities.controller.js';
import { GenuiController } from './genui.controller.js';
import { RequestsController } from './requests.controller.js';
import { SessionsController } from './sessions.controller.js';
import { StreamController } from './stream.controller.js';
import { UsageController } from './usage.controller.js';

/** The controllers of the protocol's routes. */
export const PROTOCOL_CONTROLLERS = [
  SessionsController,
  RequestsController,
  StreamController,
  UsageController,
  CapabilitiesController,
  GenuiController,
];
