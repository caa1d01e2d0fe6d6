declare module "virtual:fonts" {
  /** address of the style sheet with the last resort for machines without any Chinese font */
  export const lastResort: string;
}

declare module "*.wasm?url" {
  const address: string;
  export default address;
}
