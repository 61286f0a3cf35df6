/**
 * What a process survives, blocks on, or slowly runs out of: found beside its calls, told with the
 * evidence, never changed. What single operations return is looked at where they are called.
 */
export { countDescriptors, descriptorLimit } from "./descriptors.ts";
