using System.Text;
using Microsoft.AspNetCore.WebUtilities;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Rooms;
using RawSocketChat.Server.Transports.Http;

namespace RawSocketChat.Server.Api;

/// <summary>
/// Accepts the requests of an incoming webhook of Slack: a message as JSON, or as JSON in the field <c>payload</c> of a form. So tools that can post
/// to Slack can post here. A posted message gets the answer that Slack gives.
/// </summary>
internal sealed class HookEndpoint(ProgramRequests programs, ConnectionRegistry connections, HttpEndpoint http)
{
    private const string PayloadField = "payload";

    public Task PostAsync(HttpContext context, string token) => context.RunAsync(connections, async account =>
    {
        if (await programs.FindTokenAsync(token) is not { } found)
        {
            account.Charge(Cost.Error);
            await context.RejectAsync(ErrorCode.NotFound, "there is no such webhook; its token may have been revoked", status: StatusCodes.Status404NotFound);
            return;
        }

        using var posted = new RequestBody(context, http.Bodies);
        if (await posted.ReadAsync(http) is not { } body)
            return;
        var (frame, error) = ReadMessage(body);
        var answer = frame is null ? new ErrorFrame(default, error!) : await programs.PostAsync(found, frame, account, context.RequestAborted);
        if (answer is ErrorFrame rejection)
            await context.RejectAsync(account, rejection);
        else
            await AnswerOkAsync(context);
    });

    // Returns the frame or the error. The other value is null.
    private static (ClientFrame? Frame, ChatError? Error) ReadMessage(ReadOnlyMemory<byte> body)
    {
        if (FindPayload(body) is not { } json)
            return (null, new ChatError(ErrorCode.BadFrame, $"the body must be a message as JSON, or a form whose field {PayloadField} has the JSON", ApiRequests.PostHint));
        if (!SlackPayload.TryReadText(json, out var text, out var error))
            return (null, error);
        if (text.Length == 0)
            return (null, new ChatError(ErrorCode.MissingField, "the message has no text", ApiRequests.PostHint));
        return TextRule.FindFault(text) is { } fault
            ? (null, new ChatError(ErrorCode.BadField, $"the text {fault}", ApiRequests.PostHint))
            : (new ClientFrame { Type = ClientFrameType.Say, Text = text }, null);
    }

    // The server ignores the content type, because curl -d labels a JSON body as a form.
    private static ReadOnlyMemory<byte>? FindPayload(ReadOnlyMemory<byte> body)
    {
        if (body.Span.TrimStart(RequestBody.JsonWhiteSpace).StartsWith("{"u8))
            return body;
        using var reader = new FormReader(Encoding.UTF8.GetString(body.Span));
        try
        {
            if (reader.ReadForm().TryGetValue(PayloadField, out var payload))
                return Encoding.UTF8.GetBytes(payload.ToString());
        }
        catch (InvalidDataException)
        {
            // The form has too many fields, or fields that are too long.
        }

        return null;
    }

    private static Task AnswerOkAsync(HttpContext context)
    {
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        return context.Response.WriteAsync("ok", context.RequestAborted);
    }
}
