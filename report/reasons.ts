/** Reason codes of decisions as sentences for people. A code that is missing here is shown as it is. */
const REASONS: Readonly<Record<string, string>> = {
  'mode-off': 'the scaler is switched off',
  'mode-dry-run': 'the scaler only reports what it would do (dry run)',
  'mode-wake-only': 'the scaler may only wake (kill switch)',
  protected: 'the endpoint carries the protect tag: it is never parked or scaled in',
  'hold-up': 'an operator holds it up',
  'hold-down': 'an operator holds it down',
  'hold-hands-off': 'an operator asked for no call at all',
  'demand-request': 'somebody asked for it',
  'demand-alarm': 'an alarm that the policy names asks for it',
  'demand-backlog': 'requests wait in its queue',
  window: 'a window of its schedule is open',
  lead: 'a window opens soon, and starting takes this long',
  otherwise: 'outside all windows',
  leave: 'the policy leaves it as it is at this time',
  'agenda-ended': 'the compiled calendar ends here; nothing is lowered without one',
  'give-back': 'it is being given back: woken first, then forgotten',
  'return-to-preferred':
    'it runs on a fallback config: when nobody uses it, it is parked and woken at once, to come back on its own',
  rehearsal: 'its first park is a rehearsal, woken at once',
  active: 'it is in use',
  'activity-unknown': 'its metrics are missing or incomplete; unknown is never idle',
  'minimum-uptime': 'it has not been up long enough yet',
  'not-in-service': 'it is not in service',
  'in-progress': 'a change of it is still in progress',
  'not-enrolled': 'it no longer carries the tag',
  'policy-invalid': 'its policy or a schedule of it is invalid; nothing is lowered',
  'recipe-unproven': 'its recipe could not be read back',
  'recipe-too-large': 'its recipe is larger than the table takes: it could not be brought back whole',
  'dependency-missing': 'something it needs to come back (model, role, network, data) is gone',
  'too-many-tags': 'it has too many tags to be recreated with all of them',
  'stack-owned': 'it belongs to a CloudFormation stack',
  'reserved-capacity': 'it uses reserved capacity that could be lost',
  'park-budget': 'enough endpoints have been parked in this run',
  'breaker-open': 'its instance type is short: what is parked now might not come back',
  'image-moved': 'its last wake brought another image than was parked: a tag was moved, and nobody allowed it',
  'rehearsal-failed':
    'its first wake failed: not parked again until config or model are made anew, or a person parks it',
  'lead-begun': 'the start for the next window has begun',
  'changed-meanwhile': 'it changed while the decision was made',
  'several-variants': 'it has several variants, and the policy does not name them',
  'burstable-type': 'burstable instance types cannot be scaled automatically',
  'kind-unsupported': 'this kind of endpoint is not supported for this',
  'hands-off': 'an operator asked for no call at all',
  'lease-held': 'another run is working on it',
  'not-applied-yet': 'the policy has not been applied yet',
  idle: 'nobody used it for the whole idle time',
  'in-flight': 'requests in flight would be cut, and are waited for',
  drain: 'its limit falls, and running work is let finish first',
  'drain-forced': 'its limit fell, and it did not drain in time',
  'from-zero': 'it stood at zero while something asked for it',
  'request-wake': 'requests to a component failed while it had no copy; the start is sized to them',
  'backlog-wake': 'a backlog built up while it stood at zero; the start is sized to it',
  'step-policy-stranded': 'requests waited, and the step policy of Application Auto Scaling had not lifted it in time',
  restore: 'what a delete had taken is put back',
  restored: 'everything is back: targets, policies, alarms and tags were read back',
  adopted: 'it reappeared with its tag and is looked after again',
  'adopted-foreign': 'somebody else created it while it was parked',
  'let-go': 'nobody enrols it any more; what the scaler made is removed',
  'deleted-by-owner': 'its owner deleted it; it is never recreated',
  'delete-refused': 'AWS refused the delete',
  'wake-failed-capacity': 'AWS had no instance of this type',
  'wake-failed-quota': 'the account has reached its quota for this type',
  'wake-failed-config': 'image, model or role failed',
  'wake-failed-permission': 'AWS denied the call',
  'wake-failed-throttled': 'AWS throttled the call; the next run tries again',
  'wake-failed-unknown': 'the start failed for a reason nobody has told apart yet',
  'wake-gave-up': 'three paid attempts failed alike; it waits for a change or a human',
  'smoke-failed': 'it is in service, and its model does not answer the smoke request as expected',
  'return-failed': 'its own config had no capacity, or failed: it came back on a fallback; tried again a day later',
  'drift-found': 'somebody changed what the policy keeps, or deployed something else',
  'scaling-failed-capacity':
    'instances or copies that were to be added did not come: AWS had no capacity, or the instances no room',
  'scaling-failed-quota': 'instances or copies that were to be added did not come: the account has reached its quota',
  'scaling-failed-permission': 'a change of instances or copies was denied',
  'scaling-failed-unknown': 'a change of instances or copies failed',
  'scaling-not-scalable': 'it could not be scaled at that moment',
  'scaling-at-max': 'an alarm asked for more than the maximum',
  'endpoint-failed': 'AWS reports the endpoint as failed',
  orphaned: 'its stack, config or model is gone; it is not recreated',
  'call-refused': 'AWS refused a call',
  'call-failed': 'a call failed; the next run tries again',
};

const DECISIONS: Readonly<Record<string, string>> = {
  park: 'Park',
  wake: 'Wake',
  scale: 'Scale',
  keep: 'Keep',
  refuse: 'Refuse',
  'give-back': 'Give back',
};

/** Failures are decisions with these reasons, whatever the verb. */
const FAILURES = new Set([
  'wake-failed-capacity',
  'wake-failed-quota',
  'wake-failed-config',
  'wake-failed-permission',
  'wake-failed-throttled',
  'wake-failed-unknown',
  'wake-gave-up',
  'endpoint-failed',
  'orphaned',
  'call-refused',
  'call-failed',
  'delete-refused',
]);

export function isFailure(reason: string): boolean {
  return FAILURES.has(reason);
}

export function explainReason(reason: string): string {
  return Object.hasOwn(REASONS, reason) ? (REASONS[reason] ?? reason) : reason;
}

export function nameDecision(decision: string): string {
  return Object.hasOwn(DECISIONS, decision) ? (DECISIONS[decision] ?? decision) : decision;
}
