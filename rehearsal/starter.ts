/** What `simulate --init` writes: every part of the grammar once, runnable as it is. */
export const STARTER = `# A rehearsal: your endpoints with their traffic, your policies, and what happens to them, on simulated AWS.
#   endpoint-scaler simulate scenario.yaml --report report.html
start: 2026-03-23T00:00:00+01:00
for: 7d                                   # default 14d
seed: 1                                   # same document and seed: same result, byte for byte
region: eu-central-1                      # default us-east-1
parameters: {}                            # parameters of template.yaml, by name
prices: { ml.g5.2xlarge: 1.515 }          # USD per hour; yours, over the dated table that ships

schedules:                                # a path relative to this document, or the document itself
  office:
    timezone: Europe/Berlin
    open:
      - { days: mon-fri, from: "08:00", to: "19:00" }
    closed:
      - { holidays: DE-BE }

policies:
  chat-dev:                               # gone outside office hours unless somebody uses it
    capacity:
      - { during: office, min: 1, max: 4 }
    otherwise: zero
    zero: { by: park, idleFor: 30m }
  transcribe:                             # zero whenever the queue is empty
    otherwise: { min: 0, max: 5 }
    wake: { on: [backlog], backlogPerInstance: 5 }

endpoints:
  chat:
    kind: real-time                       # real-time | async
    policy: chat-dev                      # the tag; without it nobody touches the endpoint
    instanceType: ml.g5.2xlarge
    instances: 1
    startsIn: { p50: 7m, p95: 14m }       # or a duration; default 8m
    serves: { concurrent: 4, in: 800ms }  # one instance; default { concurrent: 100, in: 100ms }
    traffic:                              # or { trace: chat.csv }, { perMinute: 0.5 }, [{ from: +8h, to: +18h, perMinute: 3 }]
      diurnal:
        timezone: Europe/Berlin
        day: 20/m                         # 20/m, 2/s or 90/h, reached within \`hours\`
        night: 0/m
        hours: { from: "09:00", to: "18:00" }
        ramp: 90m                         # rises before and falls after the hours
        weekend: 0.1                      # factor on the day's rate on Saturdays and Sundays
        noise: 0.2
        burst: { perWeek: 2, factor: 2, for: 45m }   # nobody announced it; { at: +2d10h, factor: 2, for: 45m } is certain
    whenAway: asks                        # asks for a wake and tries again | lost
  transcribe:
    kind: async
    policy: transcribe
    instanceType: ml.g5.xlarge
    startsIn: 6m
    serves: { concurrent: 1, in: 40s }
    traffic: [{ from: +9h, to: +10h, perMinute: 2 }, { from: +33h, to: +35h, perMinute: 1 }]
    requestTtl: 6h

happens:                                  # \`at\` is an instant or an offset from the start
  - { at: +31h, for: 40m, noCapacity: ml.g5.2xlarge }          # starts begun in this time fail
  - { at: +54h, for: 3h, events: drop, of: "SageMaker Endpoint State Change" }
  - { at: +57h, hold: chat, mode: up, until: +60h, why: load test }

expect: { maxCold: 10% }                  # unmet: exit code 4, for your own CI
`;

/** One real-time endpoint on a trace: gone whenever nobody used it for an hour, back when somebody asks. */
export function traceScenario(file: string, minutes: number): string {
  return `start: 2026-03-23T00:00:00Z
for: ${Math.max(1, minutes)}m
policies:
  on-demand: { otherwise: zero, zero: { by: park, idleFor: 60m } }
endpoints:
  endpoint:
    kind: real-time
    policy: on-demand
    instanceType: ml.g5.2xlarge
    startsIn: 8m
    traffic: { trace: ${JSON.stringify(file)} }
    whenAway: asks
`;
}
