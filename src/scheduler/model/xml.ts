// The part of the CIB's XML tree that the model holds on to.

/** An element of the cluster document; immutable. */
export type XmlElement = {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
};
