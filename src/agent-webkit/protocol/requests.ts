/** The requests of the agent to people, other than permissions and the questions of its own tool. */
export interface RequestPayloads {
  /**
   * An MCP server of the agent asks the user for input: to fill in a form, or to visit a web page. Reply with
   * `elicitation_response`.
   */
  elicitation_request: {
    /** Identifies the request in the reply and in `request_resolved`. */
    correlation_id: string;
    /** The name of the MCP server. Show it to the user: the other texts are those of the server. */
    server_name: string;
    /** The text of the MCP server for the user. */
    message: string;
    mode: 'form' | 'url';
    /** The form, as a JSON Schema of an object. Its properties are texts, numbers, booleans and choices. Absent with `url`. */
    requested_schema?: Record<string, unknown>;
    /** The page to visit, by `http:` or `https:`. Show the whole address before the user opens it. Absent with `form`. */
    url?: string;
    /** Identifies the request in `elicitation_complete`. Absent with `form`. */
    elicitation_id?: string;
    title?: string;
    display_name?: string;
    description?: string;
    /** The digest of all other fields but `correlation_id` and `time`, as in `permission_request`. */
    input_digest: string;
  };
  /**
   * The agent asks the user by a dialog of its own. Only kinds that the host has declared are sent. Reply with
   * `dialog_response`.
   */
  dialog_request: {
    /** Identifies the request in the reply and in `request_resolved`. */
    correlation_id: string;
    /** The kind of the dialog, which determines the fields of `payload` and the `result` of the reply. */
    dialog_kind: string;
    payload: Record<string, unknown>;
    /** The tool call that it belongs to. */
    tool_use_id?: string;
    /** As in `elicitation_request`. */
    input_digest: string;
  };
  /** A hook of the host leaves its decision to the user. Reply with `hook_decision_response`. */
  hook_decision_request: {
    /** Identifies the request in the reply and in `request_resolved`. */
    correlation_id: string;
    /** The event of the hook: `PreToolUse`, `UserPromptSubmit` or `PreCompact`. */
    hook_event: string;
    /** The input of the hook, for example `tool_name` and `tool_input`, without paths of the server. */
    hook_input: Record<string, unknown>;
    /** As in `elicitation_request`. */
    input_digest: string;
  };
}

/** The names of these events. */
export const REQUEST_NAMES = {
  elicitation_request: true,
  dialog_request: true,
  hook_decision_request: true,
} satisfies Record<keyof RequestPayloads, true>;
