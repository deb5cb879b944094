import type { LogLevel } from '../core/logger.ts';
import type { InputModule } from '../modules/input.ts';
import type { ListenAddress } from '../modules/network.ts';
import type { OutputModule } from '../modules/output.ts';
import type { Extent } from '../modules/values.ts';

/** A module with its validated options. */
export interface ModuleUse<Module> {
  readonly module: Module;
  readonly options: Record<string, unknown>;
}

/** One stream, validated. */
export interface StreamConfig {
  readonly name: string;
  /** Audio kept for the outputs. */
  readonly buffer: Extent;
  /** How far behind its newest audio the outputs play. */
  readonly reserve: Extent;
  /** Sound starts with the first audio, or when the reserve is full. */
  readonly start: 'now' | 'full';
  /** Absolute folder of what outlives the process; undefined: memory only. */
  readonly keepPath?: string;
  /** Length of a fragment. */
  readonly fragmentMs: number;
  /** An input that gave nothing for so long counts as silent; the next fallback takes over before the reserve is used up. */
  readonly silenceMs: number;
  readonly input: ModuleUse<InputModule>;
  readonly fallback: readonly ModuleUse<InputModule>[];
  readonly outputs: readonly ModuleUse<OutputModule>[];
}

/** The shared port and what is allowed on it. */
export interface HttpConfig extends ListenAddress {
  /** PEM files; with them the port speaks TLS and plain. Read again when they change. */
  readonly tls: { readonly certificate: string; readonly key: string } | undefined;
  /** Public path -> mount, so that a published address never dies. */
  readonly aliases: ReadonlyMap<string, string>;
  /** What strangers see of the streams: all but addresses and details, only what listeners need, or nothing. */
  readonly publicView?: 'full' | 'reduced' | 'off';
  /** Addresses or networks (CIDR) of reverse proxies whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[];
  /** Listeners and sources refused: addresses or networks, and substrings of the user agent. */
  readonly deny: { readonly addresses: readonly string[]; readonly agents: readonly string[] };
  readonly limits: {
    /** Connections at once, and from one address (a /64 counts as one). */
    readonly connections: number;
    readonly connectionsPerAddress: number;
    readonly listenersPerAddress: number;
  };
}

/** A whole node, validated: what `node/` runs. Paths are absolute or relative to `baseDir`. */
export interface NodeConfig {
  /** Where it came from, for messages. */
  readonly origin: string;
  readonly baseDir: string;
  /** Folder for what the node itself keeps (credentials); made with mode 0700. */
  readonly stateDir: string;
  /** Undefined: no shared port (DiStreamer's command opens only its modules' ports). */
  readonly http: HttpConfig | undefined;
  /** The node's own private key on links, as text: `dskey_...`. Undefined: it has none, each link brings its own. */
  readonly linkKey?: string;
  readonly admin: {
    readonly user: string;
    readonly password: string;
    /** Of machines: name, and SHA-256 of the token as hexadecimal. */
    readonly tokens?: readonly { readonly name: string; readonly sha256: string }[];
  };
  /** Addresses or networks that pulled streams, redirects and playlists may lead to although they are private. */
  readonly egressAllow: readonly string[];
  /** Absolute folder of takes that are shown on the pages; undefined: none are. */
  readonly takesFolder?: string;
  /** `file` gets JSON lines at `fileLevel`, else at `level`. */
  readonly log: { readonly level: LogLevel; readonly file: string | undefined; readonly fileLevel?: LogLevel };
  readonly streams: readonly StreamConfig[];
  /** What deserves a loud line at start (unknown keys, weak passwords in compatibility mode). */
  readonly warnings: readonly string[];
}
