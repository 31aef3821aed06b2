using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Net.Http.Headers;
using RawSocketChat.Server.Rooms;
using RawSocketChat.Server.Transports.Http;

namespace RawSocketChat.Server.Web;

/// <summary>
/// The answer at <c>/site.json</c>: what the page shows before the visitor has logged in. It is separate from the page, because the page's
/// Content-Security-Policy contains hashes of the page. Thread-safe.
/// </summary>
public sealed partial class Site
{
    // The page shows the first six of these rooms.
    private const int MaxRooms = 12;

    // All requests within this time get the same answer, so the server reads the rooms only once.
    private static readonly TimeSpan FreshFor = TimeSpan.FromSeconds(5);

    private readonly string? _name;
    private readonly string? _color;
    private readonly string? _logo;
    private readonly Func<IEnumerable<RoomLoop>> _rooms;
    private readonly TimeProvider _time;
    private volatile Answer? _answer;

    /// <param name="options">The settings; <see cref="WebOptions.FindErrors"/> has found no errors in them.</param>
    /// <param name="rooms">Gets rooms. The answer lists the public ones.</param>
    /// <param name="time">The clock.</param>
    public Site(WebOptions options, Func<IEnumerable<RoomLoop>> rooms, TimeProvider time)
    {
        (_name, _color, _logo) = (options.Name, options.Color, options.Logo is { } path ? SiteLogo.Read(path) : null);
        (_rooms, _time) = (rooms, time);
    }

    /// <summary>Answers a GET or HEAD request.</summary>
    public async Task WriteAsync(HttpContext context)
    {
        var answer = GetAnswer();
        var response = context.Response;
        response.Headers.CacheControl = "no-cache";
        response.Headers.XContentTypeOptions = "nosniff";
        if (context.TryAnswerNotModified(answer.Tag))
            return;
        response.ContentType = "application/json; charset=utf-8";
        await context.AnswerDocumentAsync(answer.Body);
    }

    private Answer GetAnswer()
    {
        var now = _time.GetTimestamp();
        if (_answer is { } known && _time.GetElapsedTime(known.At, now) < FreshFor)
            return known;
        var rooms = _rooms()
            .Where(room => !room.IsPrivate)
            .Select(room => new ListedRoom(room.Name, room.Summary.Topic, room.Summary.MemberCount))
            .OrderByDescending(room => room.MemberCount)
            .ThenBy(room => room.Room, StringComparer.OrdinalIgnoreCase)
            .Take(MaxRooms);
        var body = JsonSerializer.SerializeToUtf8Bytes(new Fields(_name, _color, _logo, [.. rooms]), SiteJson.Default.Fields);
        return _answer = new Answer(now, body, HttpAnswers.CreateTag(body));
    }

    private sealed record Answer(long At, byte[] Body, EntityTagHeaderValue Tag);

    internal sealed record Fields(string? Name, string? Color, string? Logo, IReadOnlyList<ListedRoom> Rooms);

    internal sealed record ListedRoom(string Room, string Topic, int MemberCount);

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
    [JsonSerializable(typeof(Fields))]
    private sealed partial class SiteJson : JsonSerializerContext;
}
