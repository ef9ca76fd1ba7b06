/** What a scalable target counts: instances of a variant, provisioned concurrency of a serverless one, copies of a component. */
export type Dimension = 'instances' | 'provisioned-concurrency' | 'copies';

/** One thing of an endpoint that scales by itself. */
export interface ScalableTarget {
  /** Of the variant or the inference component. */
  readonly name: string;
  readonly dimension: Dimension;
}

/** How Application Auto Scaling names a target. Both dimensions of a variant share a resource id; no variant has both. */
export interface TargetKey {
  readonly resourceId: string;
  readonly dimension: Dimension;
}

export function targetKey(endpoint: string, { name, dimension }: ScalableTarget): TargetKey {
  const resourceId = dimension === 'copies' ? `inference-component/${name}` : `endpoint/${endpoint}/variant/${name}`;
  return { resourceId, dimension };
}
