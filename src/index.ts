/**
 * The package `distream` for programs: declare an input or output of your own
 * (see docs/plugins.md), or run a node inside your program.
 * @module
 */

// An option's schema must be a zod object; with this export a module needs no zod of its own.
export { z } from 'zod';
export { type LoadedConfig, type LoadOptions, loadConfig } from './config/load.ts';
export type { HttpConfig, ModuleUse, NodeConfig, StreamConfig } from './config/node-config.ts';
export { ConfigurationError } from './config/problems.ts';
export { type Clock, sleep, systemClock, type Timer } from './core/clock.ts';
export { ERRORS, type ErrorCode, EXIT } from './core/error-codes.ts';
export { DistreamError, reasonOf } from './core/errors.ts';
export type { DiscontinuityCause, Fragment, TrackMetadata } from './core/fragment.ts';
export { type Logger, type LogLevel, silentLogger } from './core/logger.ts';
export type { StationInfo } from './core/station.ts';
export { VERSION } from './core/version.ts';
export { defineInput, type InputContext, type InputModule, type InputReport } from './modules/input.ts';
export type {
  DialTarget,
  FrontHandle,
  ListenAddress,
  ListenerMount,
  NetworkAccess,
  SourceMount,
} from './modules/network.ts';
export {
  defineOutput,
  type OutputContext,
  type OutputModule,
  type OutputReport,
  type StreamView,
} from './modules/output.ts';
export type { Continuity, SessionOptions, SessionWriter } from './modules/session.ts';
export {
  durationMs,
  type Extent,
  extent,
  generatedSecret,
  listenAddress,
  mountPath,
  secret,
  sizeBytes,
} from './modules/values.ts';
export { type NodeDeps, type RunningNode, startNode } from './node/node.ts';
export type { NodeStatus } from './node/status/schema.ts';
