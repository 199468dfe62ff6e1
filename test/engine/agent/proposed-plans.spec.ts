import { describe, expect, it } from '@jest/globals';
import { ProposedPlans } from '../../../src/agent-webkit/engine/agent/proposed-plans.js';
import { assistant, toolUse } from '../../support/sdk-messages.js';

describe('the plans that the model passes to ExitPlanMode', () => {
  it('complete the input of the same tool use once', () => {
    const plans = new ProposedPlans();
    plans.observe(assistant([toolUse('ExitPlanMode', { plan: 'a' }, '1')]));
    plans.observe(assistant([toolUse('ExitPlanMode', { plan: 'b' }, '2')]));
    expect(plans.complete('ExitPlanMode', {}, '1')).toEqual({ plan: 'a' });
    expect(plans.complete('ExitPlanMode', {}, '1')).toEqual({});
  });

  it('do not replace the plan of the plan file, and concern no other tool', () => {
    const plans = new ProposedPlans();
    plans.observe(assistant([toolUse('ExitPlanMode', { plan: 'a' }, '1')]));
    expect(plans.complete('ExitPlanMode', { plan: 'file' }, '1')).toEqual({ plan: 'file' });
    plans.observe(assistant([toolUse('Bash', { plan: 'a' }, '2')]));
    expect(plans.complete('Bash', {}, '2')).toEqual({});
  });

  it('are dropped when they are no text, and when there are many', () => {
    const plans = new ProposedPlans();
    for (const [id, plan] of [1, '', null, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'].entries())
      plans.observe(assistant([toolUse('ExitPlanMode', { plan }, String(id))]));
    expect(plans.complete('ExitPlanMode', {}, '0')).toEqual({});
    expect(plans.complete('ExitPlanMode', {}, '3')).toEqual({});
    expect(plans.complete('ExitPlanMode', {}, '4')).toEqual({ plan: 'b' });
  });
});
