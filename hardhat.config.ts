import { fileURLToPath } from "node:url";
import { defineConfig } from "hardhat/config";
import hardhatEthers from "@nomicfoundation/hardhat-ethers";
import hardhatEthersChaiMatchers from "@nomicfoundation/hardhat-ethers-chai-matchers";
import hardhatNetworkHelpers from "@nomicfoundation/hardhat-network-helpers";

// The compiler is the solc package's own JavaScript build: nothing is downloaded.
const soljson = fileURLToPath(import.meta.resolve("solc/soljson.js"));
const compiler = {
  version: "0.8.37",
  path: soljson,
  settings: { evmVersion: "cancun", optimizer: { enabled: true, runs: 10_000 } },
};

const factor = Number(process.env.FUZZ_FACTOR ?? 1);

export default defineConfig({
  plugins: [hardhatEthers, hardhatEthersChaiMatchers, hardhatNetworkHelpers],
  solidity: { profiles: { default: compiler, production: compiler } },
  networks: { local: { type: "edr-simulated", chainType: "l1", hardfork: "cancun" } },
  // Enough to find what is wrong within seconds; FUZZ_FACTOR=20 searches for minutes.
  test: { solidity: { fuzz: { runs: 64 * factor }, invariant: { runs: 12 * factor, depth: 80 } } },
  paths: { sources: "./contracts", tests: { solidity: "./test/contracts" } },
});
