using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace RawSocketChat.Server.Api;

// These types only describe the bodies in OpenAPI. The bodies are frames of the chat, and Protocol/Chat reads and writes them. A property without
// "required" may be missing.

[Description("A message to post.")]
internal sealed record ApiPost
{
    [Description("The text.")]
    [MinLength(1)]
    public required string Text { get; init; }

    [Description("An id that the program chooses: a string of 1 to 64 characters, or an integer. A post with an id that was used before posts nothing.")]
    public object Id { get; init; } = "";

    [Description("The seq of the message to which this one replies.")]
    public long Reply { get; init; }

    [Description("Whether the message is an action.")]
    public bool Me { get; init; }
}

[Description("The message is stored.")]
internal sealed record ApiAck
{
    [Description("\"ack\"")]
    public required string Type { get; init; }

    [Description("The id of the request.")]
    public object Id { get; init; } = "";

    [Description("The name of the room.")]
    public required string Room { get; init; }

    [Description("The number of the message in the room.")]
    public required long Seq { get; init; }

    [Description("When the message was stored.")]
    public required DateTimeOffset At { get; init; }

    [Description("Whether the id was used before. If it was, nothing was posted, and the other values are those of the first message.")]
    public bool Duplicate { get; init; }
}

[Description("The request failed.")]
internal sealed record ApiError
{
    [Description("\"error\"")]
    public required string Type { get; init; }

    [Description("The id of the request.")]
    public object Id { get; init; } = "";

    [Description("The reason, for programs.")]
    public required string Code { get; init; }

    [Description("The reason, for people.")]
    public required string Text { get; init; }

    [Description("A request that would have worked.")]
    public string Hint { get; init; } = "";

    [Description("Milliseconds after which the same request may succeed.")]
    public int RetryAfterMs { get; init; }
}

[Description("A page of a room's history.")]
internal sealed record ApiHistory
{
    [Description("\"history\"")]
    public required string Type { get; init; }

    [Description("The name of the room.")]
    public required string Room { get; init; }

    [Description("The events, oldest first.")]
    public required IReadOnlyList<ApiEvent> Messages { get; init; }

    [Description("Whether there are more events in the requested direction.")]
    public required bool More { get; init; }
}

[Description("An event of a room. Protocol/README.md lists the fields of each type.")]
internal sealed record ApiEvent
{
    [Description("message, topic, edited, deleted, reacted or moderated")]
    public required string Type { get; init; }

    [Description("The name of the room.")]
    public required string Room { get; init; }

    [Description("The number of the event in the room.")]
    public required long Seq { get; init; }

    [Description("When the event was stored.")]
    public required DateTimeOffset At { get; init; }

    [Description("The author.")]
    public required ApiPerson From { get; init; }

    [Description("The text of a message or a topic, or the new text of an edited message.")]
    public string Text { get; init; } = "";

    [Description("The seq of the message to which a message replies.")]
    public long Reply { get; init; }

    [Description("Whether a message is an action.")]
    public bool Me { get; init; }

    [Description("The files of a message.")]
    public IReadOnlyList<ApiFile> Files { get; init; } = [];

    [Description("The ids of the mentioned users. The value \"here\" means everybody in the room.")]
    public IReadOnlyList<string> Mentions { get; init; } = [];

    [Description("When the text of a message was changed last.")]
    public DateTimeOffset Edited { get; init; }

    [Description("Whether a message is deleted. A deleted message has no text.")]
    public bool Deleted { get; init; }

    [Description("The seq of the message that was edited, deleted or reacted to.")]
    public long Of { get; init; }
}

[Description("A file of a message. A program cannot read its content.")]
internal sealed record ApiFile
{
    [Description("The id of the file.")]
    public required string Id { get; init; }

    [Description("The name.")]
    public required string Name { get; init; }

    [Description("The media type of the content.")]
    public required string Type { get; init; }

    [Description("The size of the content.")]
    public required long Bytes { get; init; }

    [Description("The width of an image that has a preview, in pixels.")]
    public int Width { get; init; }

    [Description("The height of an image that has a preview, in pixels.")]
    public int Height { get; init; }
}

[Description("A user or a bot.")]
internal sealed record ApiPerson
{
    [Description("The stable id.")]
    public required string User { get; init; }

    [Description("The name at the time of the event.")]
    public required string Name { get; init; }

    [Description("Whether the author is a program that has posted with a token.")]
    public bool Bot { get; init; }
}

[Description("A message in the format of Slack's incoming webhooks. Other fields are ignored.")]
internal sealed record ApiSlackMessage
{
    [Description("The text, with Slack's markup.")]
    public string Text { get; init; } = "";

    [Description("Further parts of the message.")]
    public IReadOnlyList<ApiSlackAttachment> Attachments { get; init; } = [];
}

[Description("A form with a message in the format of Slack's incoming webhooks.")]
internal sealed record ApiSlackForm
{
    [Description("The message as JSON.")]
    public required string Payload { get; init; }
}

[Description("A part of a message in the format of Slack's incoming webhooks.")]
internal sealed record ApiSlackAttachment
{
    [Description("The text above the attachment.")]
    public string Pretext { get; init; } = "";

    [Description("The title.")]
    public string Title { get; init; } = "";

    [Description("The text.")]
    public string Text { get; init; } = "";

    [Description("The text that is used if the attachment has no other text.")]
    public string Fallback { get; init; } = "";
}
