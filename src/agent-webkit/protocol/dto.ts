import {
  Equals,
  IsBoolean,
  IsIn,
  IsObject,
  IsOptional,
  IsUUID,
  Matches,
  type ValidationArguments,
} from 'class-validator';
import type { EffortLevel, PermissionMode, PermissionUpdate } from '@anthropic-ai/claude-agent-sdk';
import {
  GoesWith,
  IsIntegerBetween,
  IsIntegerOfBody,
  IsName,
  IsNullable,
  IsOmittable,
  IsText,
} from './decorators.js';
import type { UserContent } from './events.js';
import { FORM_CONTENT } from './form-content.js';
import {
  type ChangeSession,
  type SetMembers,
  type CreateSession,
  type DialogResponse,
  type EditMessage,
  EFFORT_LEVELS,
  type ElicitationResponse,
  type FormContent,
  type HookDecisionResponse,
  type InboundMessage,
  MESSAGE_DELIVERIES,
  type MessageDelivery,
  PERMISSION_MODES,
  type PermissionResponse,
  type QuestionResponse,
  type UserMessage,
} from './inbound.js';
import { OUTPUT_FORMAT, type OutputFormat } from './output-format.js';
import { PERMISSION_UPDATE } from './permission-update.js';
import {
  MAX_TITLE_LENGTH,
  METADATA,
  METADATA_CHANGE,
  type SessionMetadata,
} from './session-details.js';
import { MEMBERS, type SessionMember } from './session-members.js';
import { HasShape, listOf, objectOrArray } from './shape.js';
import { USER_CONTENT } from './user-content.js';

/** The maximum length of the cursor of a listing, in characters. */
export const MAX_CURSOR_LENGTH = 256;
const MAX_PATH_LENGTH = 4096;
const MAX_TEXT_LENGTH = 65_536;
const MAX_THINKING_TOKENS = 1_000_000;

const DIGEST = /^sha256:[0-9a-f]{64}$/;
const DIGEST_RULE = 'must be `sha256:` and 64 hexadecimal digits, as in the event of the request';

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const DAY_RULE = 'must be a day such as 2026-01-31';

/** The pattern of a title rejects also what is not text, for which its own rule is the reason. */
const HasText = () => Matches(/\S/, { message: titleRule });
const titleRule = ({ value }: ValidationArguments): string =>
  typeof value === 'string'
    ? 'must not be only white space'
    : `must be a string of 1 to ${MAX_TITLE_LENGTH} characters`;

/** The pattern of a path also rejects what is not text, for which its own rule is the reason. */
const pathRule = ({ value }: ValidationArguments): string =>
  typeof value === 'string'
    ? 'must not contain a NUL character'
    : `must be a string of 1 to ${MAX_PATH_LENGTH} characters`;

export class CreateSessionDto implements CreateSession {
  @IsOmittable() @IsName() model?: string;
  @IsOmittable() @IsIn(PERMISSION_MODES) permission_mode?: PermissionMode;
  @IsOmittable() @IsIn(EFFORT_LEVELS) effort?: EffortLevel;
  @IsOmittable()
  @IsName(MAX_PATH_LENGTH)
  // The pattern is part of the API description, and \0 is not the same in all languages.
  // oxlint-disable-next-line no-control-regex
  @Matches(/^[^\u0000]*$/, { message: pathRule })
  cwd?: string;
  @IsOmittable() @IsBoolean() include_partial_messages?: boolean;
  @IsOmittable() @IsName(MAX_TITLE_LENGTH) @HasText() title?: string;
  @IsOmittable() @HasShape(METADATA) metadata?: SessionMetadata;
  @IsOmittable() @IsBoolean() archived?: boolean;
  @IsOmittable() @HasShape(USER_CONTENT) message?: UserContent;
}

/** The body of PATCH /sessions/:id. */
export class ChangeSessionDto implements ChangeSession {
  @IsOmittable() @IsNullable() @IsName(MAX_TITLE_LENGTH) @HasText() title?: string | null;
  @IsOmittable() @IsNullable() @HasShape(METADATA_CHANGE) metadata?: Exclude<
    ChangeSession['metadata'],
    undefined
  >;
  @IsOmittable() @IsNullable() @IsBoolean() archived?: boolean | null;
}

/** The body of PUT /sessions/:id/members. */
export class SetMembersDto implements SetMembers {
  @HasShape(MEMBERS) members!: readonly SessionMember[];
  @IsOmittable() @HasShape(MEMBERS) expected_members?: readonly SessionMember[];
}

class UserMessageDto implements UserMessage {
  @Equals('user_message') type!: 'user_message';
  @HasShape(USER_CONTENT) content!: UserContent;
  @IsOmittable() @IsUUID() message_id?: string;
  @IsOmittable() @IsIn(MESSAGE_DELIVERIES) delivery?: MessageDelivery;
  @IsOmittable() @IsUUID() replaces?: string;
  @IsOmittable() @HasShape(OUTPUT_FORMAT) output_format?: OutputFormat;
}

class InterruptDto {
  @Equals('interrupt') type!: 'interrupt';
}

class PermissionResponseDto implements PermissionResponse {
  @Equals('permission_response') type!: 'permission_response';
  @IsName() correlation_id!: string;
  @IsIn(['allow', 'deny']) behavior!: 'allow' | 'deny';
  @IsOmittable() @IsObject() @GoesWith('behavior', 'allow') updated_input?: Record<string, unknown>;
  @IsOmittable()
  @HasShape(listOf(PERMISSION_UPDATE))
  @GoesWith('behavior', 'allow')
  updated_permissions?: PermissionUpdate[];
  @IsOmittable()
  @IsText(MAX_TEXT_LENGTH)
  @GoesWith('behavior', 'deny')
  message?: string;
  @IsOmittable() @IsBoolean() @GoesWith('behavior', 'deny') interrupt?: boolean;
  @IsOmittable() @Matches(DIGEST, { message: DIGEST_RULE }) input_digest?: string;
}

class QuestionResponseDto implements QuestionResponse {
  @Equals('question_response') type!: 'question_response';
  @IsName() correlation_id!: string;
  @HasShape(objectOrArray) answers!: unknown;
  @IsOmittable() @Matches(DIGEST, { message: DIGEST_RULE }) input_digest?: string;
}

class ElicitationResponseDto implements ElicitationResponse {
  @Equals('elicitation_response') type!: 'elicitation_response';
  @IsName() correlation_id!: string;
  @IsIn(['accept', 'decline', 'cancel']) action!: 'accept' | 'decline' | 'cancel';
  @IsOmittable() @HasShape(FORM_CONTENT) @GoesWith('action', 'accept') content?: FormContent;
  @IsOmittable() @Matches(DIGEST, { message: DIGEST_RULE }) input_digest?: string;
}

class DialogResponseDto implements DialogResponse {
  @Equals('dialog_response') type!: 'dialog_response';
  @IsName() correlation_id!: string;
  @IsIn(['completed', 'cancelled']) behavior!: 'completed' | 'cancelled';
  @IsOmittable() @GoesWith('behavior', 'completed') result?: unknown;
  @IsOmittable() @Matches(DIGEST, { message: DIGEST_RULE }) input_digest?: string;
}

class HookDecisionResponseDto implements HookDecisionResponse {
  @Equals('hook_decision_response') type!: 'hook_decision_response';
  @IsName() correlation_id!: string;
  @IsIn(['allow', 'deny']) behavior!: 'allow' | 'deny';
  @IsOmittable()
  @IsText(MAX_TEXT_LENGTH)
  @GoesWith('behavior', 'deny')
  message?: string;
  @IsOmittable() @Matches(DIGEST, { message: DIGEST_RULE }) input_digest?: string;
}

class SetPermissionModeDto {
  @Equals('set_permission_mode') type!: 'set_permission_mode';
  @IsIn(PERMISSION_MODES) mode!: PermissionMode;
}

class SetModelDto {
  @Equals('set_model') type!: 'set_model';
  @IsNullable() @IsName() model!: string | null;
}

class SetEffortDto {
  @Equals('set_effort') type!: 'set_effort';
  @IsNullable() @IsIn(EFFORT_LEVELS) effort!: EffortLevel | null;
}

class SetMaxThinkingTokensDto {
  @Equals('set_max_thinking_tokens') type!: 'set_max_thinking_tokens';
  @IsNullable() @IsIntegerOfBody(0, MAX_THINKING_TOKENS) max_thinking_tokens!: number | null;
}

class McpReconnectDto {
  @Equals('mcp_reconnect') type!: 'mcp_reconnect';
  @IsName() server!: string;
}

class McpToggleDto {
  @Equals('mcp_toggle') type!: 'mcp_toggle';
  @IsName() server!: string;
  @IsBoolean() enabled!: boolean;
}

class StopTaskDto {
  @Equals('stop_task') type!: 'stop_task';
  @IsName() task_id!: string;
}

/** The body of PATCH /sessions/:id/queue/:message_id. */
export class EditMessageDto implements EditMessage {
  @HasShape(USER_CONTENT) content!: UserContent;
}

/** The DTO classes by `type`. In a Map, names such as `toString` are as unknown as any other. */
export const INBOUND_DTOS: ReadonlyMap<unknown, new () => InboundMessage> = new Map<
  InboundMessage['type'],
  new () => InboundMessage
>([
  ['user_message', UserMessageDto],
  ['interrupt', InterruptDto],
  ['permission_response', PermissionResponseDto],
  ['question_response', QuestionResponseDto],
  ['elicitation_response', ElicitationResponseDto],
  ['dialog_response', DialogResponseDto],
  ['hook_decision_response', HookDecisionResponseDto],
  ['set_permission_mode', SetPermissionModeDto],
  ['set_model', SetModelDto],
  ['set_effort', SetEffortDto],
  ['set_max_thinking_tokens', SetMaxThinkingTokensDto],
  ['mcp_reconnect', McpReconnectDto],
  ['mcp_toggle', McpToggleDto],
  ['stop_task', StopTaskDto],
]);

/** The states by which sessions are listed. */
export const LISTED_STATES = ['idle', 'running', 'awaiting', 'dormant'] as const;
const LIST_ORDERS = ['activity', 'created'] as const;

/** The query of GET /sessions, besides `metadata[key]`. */
export class ListSessionsDto {
  @IsIntegerBetween(1, 100) limit = 50;
  @IsOptional() @IsText(MAX_CURSOR_LENGTH) cursor?: string;
  /** A text that the title contains, in upper or lower case. */
  @IsOptional() @IsText(MAX_TITLE_LENGTH) q?: string;
  @IsOptional() @IsIn(['true', 'false']) archived?: 'true' | 'false';
  @IsOptional() @IsIn(LISTED_STATES) state?: (typeof LISTED_STATES)[number];
  @IsIn(LIST_ORDERS) order: (typeof LIST_ORDERS)[number] = 'activity';
}

/** The query of GET /requests. */
export class ListRequestsDto {
  @IsIntegerBetween(1, 100) limit = 50;
  @IsOptional() @IsText(MAX_CURSOR_LENGTH) cursor?: string;
}

/** The query of GET /usage. */
export class ReadUsageDto {
  @IsOptional() @Matches(DAY, { message: DAY_RULE }) from?: string;
  @IsOptional() @Matches(DAY, { message: DAY_RULE }) to?: string;
}

/** The query of GET /sessions/:id/events. */
export class ReadEventsDto {
  @IsIntegerBetween(0, Number.MAX_SAFE_INTEGER) after = 0;
  @IsIntegerBetween(1, 1000) limit = 1000;
  /** How long to wait for the first event when there is none, in seconds. */
  @IsIntegerBetween(0, 60) wait = 0;
}

/** The query of GET /sessions/:id/decisions. */
export class ReadDecisionsDto {
  /** The number after which the decisions begin. */
  @IsIntegerBetween(0, Number.MAX_SAFE_INTEGER) after = 0;
}
