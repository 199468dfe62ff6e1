import { describe, test } from '@jest/globals';
import { InProcessBus } from '../../src/agent-webkit/bus/in-process-bus.js';
import { busConformance } from '../../src/testing.js';

describe('InProcessBus', () => {
  const cases = busConformance(() => {
    const first = new InProcessBus();
    return { createBus: () => new InProcessBus(first) };
  });
  test.each(cases)('$name', ({ run }) => run());
});
