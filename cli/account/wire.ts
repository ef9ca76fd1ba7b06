import { SECOND } from '../../shared/domain/time.ts';
import type { Clock } from '../../shared/ports/world.ts';

/** What an SDK client's HTTP handler is to us: the SDK hands its own in and takes a wrapped one back. */
interface HttpHandler {
  handle(request: HttpRequest, options?: unknown): Promise<{ response: HttpResponse }>;
}
interface HttpRequest {
  readonly hostname: string;
  readonly headers: Readonly<Record<string, string>>;
}
interface HttpResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
}
interface HttpHandlerExtension {
  httpHandler(): HttpHandler;
  setHttpHandler(handler: HttpHandler): void;
}

/** What passed between the command and AWS, as far as messages and the clock need it. */
export interface Wire {
  /** For the `extensions` of SDK clients. */
  readonly extension: { configure(config: HttpHandlerExtension): void };
  /** AWS's time: the operator's own clock, set right by the answers. */
  readonly clock: Clock;
  /** How far the operator's clock is behind AWS's, in ms; undefined before the first answer. */
  skew(): number | undefined;
  /** `ssm:GetParameters` for a request that was answered with this id. */
  actionOf(requestId: string): string | undefined;
}

/** `Date` headers tell whole seconds and travel a while: less than this proves nothing about a clock. */
const NOTICED = 5 * SECOND;
/** The services that the stack lives in: where a stand-in answers for another one, that may have a time of its own. */
const TIMEKEEPERS = new Set(['ssm', 'dynamodb', 'sagemaker', 'application-autoscaling', 'cloudwatch', 'events']);

export function createWire(local: Clock, report: (line: string) => void): Wire {
  const actions = new Map<string, string>();
  let measured: number | undefined;

  function learn({ headers, statusCode }: HttpResponse, action: string, began: number): void {
    const received = local.now();
    const told = Date.parse(headers['date'] ?? '');
    if (!Number.isNaN(told) && TIMEKEEPERS.has(action.split(':')[0] ?? '')) measured = told - received;
    const id = headers['x-amzn-requestid'] ?? headers['x-amz-request-id'];
    if (id !== undefined && statusCode >= 400) actions.set(id, action);
    report(`${action}: ${statusCode} in ${received - began} ms`);
  }

  return {
    extension: {
      configure(config) {
        const inner = config.httpHandler();
        const handle: HttpHandler['handle'] = async (request, options) => {
          const began = local.now();
          const answer = await inner.handle(request, options);
          learn(answer.response, actionOfTarget(request.headers['x-amz-target'] ?? request.hostname), began);
          return answer;
        };
        // The rest of the handler (settings, closing) stays the SDK's own.
        config.setHttpHandler(
          new Proxy(inner, {
            get: (target, key) => {
              if (key === 'handle') return handle;
              const value: unknown = Reflect.get(target, key);
              return typeof value === 'function' ? value.bind(target) : value;
            },
          }),
        );
      },
    },
    clock: { now: () => local.now() + (Math.abs(measured ?? 0) > NOTICED ? (measured ?? 0) : 0) },
    skew: () => measured,
    actionOf: (requestId) => actions.get(requestId),
  };
}

/** Service part of X-Amz-Target, or of the names in `Failure.call`, to the prefix that IAM policies use. */
const IAM_PREFIX: Readonly<Record<string, string>> = {
  AmazonSSM: 'ssm',
  SSM: 'ssm',
  DynamoDB_20120810: 'dynamodb',
  DynamoDB: 'dynamodb',
  SageMaker: 'sagemaker',
  GraniteServiceVersion20100801: 'cloudwatch',
  CloudWatch: 'cloudwatch',
  AWSEvents: 'events',
  EventBridge: 'events',
  AnyScaleFrontendService: 'application-autoscaling',
  ApplicationAutoScaling: 'application-autoscaling',
  ResourceGroupsTaggingAPI_20170126: 'tag',
  ResourceGroupsTaggingAPI: 'tag',
  AmazonEC2ContainerRegistry_V20150921: 'ecr',
  ECR: 'ecr',
  TrentService: 'kms',
  KMS: 'kms',
  EC2: 'ec2',
  IAM: 'iam',
  S3: 's3',
  STS: 'sts',
};

/** `AmazonSSM.GetParameters` or `SSM.GetParameters` as `ssm:GetParameters`. */
export function actionOfTarget(target: string): string {
  const [service = '', operation] = target.split('.');
  const prefix = IAM_PREFIX[service];
  return prefix === undefined || operation === undefined ? target : `${prefix}:${operation}`;
}
