import { createAutoScaling } from './application-auto-scaling/index.ts';
import type { VariantLookup } from './application-auto-scaling/model.ts';
import { createCloudWatch } from './cloudwatch/index.ts';
import type { Kernel, World } from './contract.ts';
import { EndpointLoads } from './load/index.ts';
import { countCurrent, describeInstanceType } from './sagemaker/endpoint.ts';
import { createSageMaker } from './sagemaker/index.ts';
import { nameKey } from './sagemaker/naming.ts';
import type { SageMakerState } from './sagemaker/state.ts';
import { findVariant } from './sagemaker/variants.ts';

/** The world with what only tests of the simulator itself turn: not every account limit has a verb in a scenario. */
export interface AdjustableWorld extends World {
  /** `ml.x for endpoint usage`: starts and scale-outs beyond it answer ResourceLimitExceeded. No limit unless set. */
  setQuota(instanceType: string, instances: number): void;
}

/** Application Auto Scaling looks at endpoints without making calls of its own that a customer would see. */
function createVariantLookup(state: SageMakerState): VariantLookup {
  return {
    find(endpointName, variantName) {
      const endpoint = state.endpoints.get(nameKey(endpointName));
      if (!endpoint) return undefined;
      const variant = findVariant(endpoint, variantName);
      if (!variant) return 'no-variant';
      return {
        endpointStatus: endpoint.status,
        endpointArn: endpoint.arn,
        desired: variant.desired,
        current: countCurrent(variant),
        instanceType: describeInstanceType(endpoint),
        failureReason: endpoint.failureReason,
      };
    },
  };
}

/** SageMaker, Application Auto Scaling and CloudWatch with the load on the endpoints, on the kernel's clock. */
export function createWorld(kernel: Kernel): AdjustableWorld {
  const sagemaker = createSageMaker(kernel);
  const cloudwatch = createCloudWatch(kernel);
  const loads = new EndpointLoads(kernel, cloudwatch.store);
  const { state } = sagemaker;
  const autoScaling = createAutoScaling(kernel, cloudwatch, createVariantLookup(state));
  state.targets = autoScaling;
  state.onChange(({ endpoint }) => loads.update(endpoint, state.endpoints.get(nameKey(endpoint))));

  state.onChange((change) => autoScaling.follow(change));

  return {
    services: [sagemaker.service, autoScaling.service, cloudwatch.service],
    seed(endpoint) {
      if (endpoint.load) loads.attach(endpoint.name, endpoint.load);
      loads.recallIdlePast(sagemaker.seed(endpoint));
    },
    setTiming: (endpoint, timing) => state.setTiming(endpoint, timing),
    inject: (endpoint, count) => loads.inject(endpoint, count),
    addShortage: (shortage) => state.pool.addShortage(shortage),
    setQuota: (instanceType, instances) => state.pool.setQuota(instanceType, instances),
    hideMetrics: (endpoint, from, until) => loads.hide(endpoint, from, until),
    requests: (endpoint) => loads.totals(endpoint),
    arrivalsByHour: (endpoint) => loads.arrivalsByHour(endpoint),
    paid: (endpoint) => state.ledger(endpoint).total(kernel.clock.now()),
    taggedResources: () => state.tags.resources(),
    onEndpointChange: (listener) => state.onChange(listener),
    settle: () => loads.settle(),
  };
}
