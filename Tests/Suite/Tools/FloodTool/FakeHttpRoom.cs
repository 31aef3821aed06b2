using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace RawSocketChat.Tests.Tools.FloodTool;

/// <summary>
/// An HTTP server with one room, for <c>/longpoll</c> and <c>/events</c>. It can lose, repeat or reorder messages, so the tests can check
/// that Flood detects these faults. The frames of a session are numbered from 1, and each response has the frames after the cursor.
/// </summary>
internal sealed class FakeHttpRoom : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Lock _room = new();
    private readonly Dictionary<string, Member> _members = [];
    private readonly Dictionary<string, long> _seqById = [];
    private TaskCompletionSource _moreFrames = NewSignal();
    private long _seq = FakeRoom.FirstSeq - 1;

    private FakeHttpRoom(WebApplication app) => _app = app;

    /// <summary>
    /// Takes the index of a member, the <c>seq</c> of an event and its frame. Returns the frames that the room sends to that member.
    /// </summary>
    public Func<int, long, string, IEnumerable<string>> Deliver { get; init; } = (_, _, frame) => [frame];

    public Uri Url { get; private set; } = null!;

    public static async Task<FakeHttpRoom> StartAsync(Func<int, long, string, IEnumerable<string>>? deliver = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.Zero);
        var app = builder.Build();
        var room = new FakeHttpRoom(app) { Deliver = deliver ?? ((_, _, frame) => [frame]) };
        app.MapPost("/session", room.CreateSession);
        app.MapPost("/send", room.SendAsync);
        app.MapGet("/longpoll", room.PollAsync);
        app.MapGet("/events", room.StreamAsync);
        await app.StartAsync();
        var address = app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Single();
        room.Url = new UriBuilder(address) { Scheme = "ws", Path = "/ws" }.Uri;
        return room;
    }

    /// <summary>Stops the server while clients are connected.</summary>
    public void Stop() => _ = Task.Run(() => _app.StopAsync());

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private IResult CreateSession()
    {
        lock (_room)
        {
            var token = $"t{_members.Count}";
            _members[token] = new Member(_members.Count);
            return Json(Welcome(token));
        }
    }

    private static string Welcome(string token) =>
        $$"""{"type":"welcome","session":"{{token}}","user":"u","name":"n","guest":true,"protocol":1,"server":"fake","at":"2026-11-23T10:02:31.123Z","limits":{"frameBytes":65536,"textLength":8000,"messagesPerSecond":5},"rooms":[]}""";

    private async Task<IResult> SendAsync(HttpRequest request)
    {
        var frame = (await JsonNode.ParseAsync(request.Body))!;
        lock (_room)
        {
            var sender = GetMember(request);
            if ((string)frame["type"]! == "join")
            {
                sender.IsIn = true;
                return Json($$"""[{"type":"joined","id":"join","room":"lobby","seq":{{_seq}},"messages":[]}]""");
            }
            var id = (string)frame["id"]!;
            if (_seqById.TryGetValue(id, out var knownSeq)) return Json($$"""[{"type":"ack","id":"{{id}}","room":"lobby","seq":{{knownSeq}},"duplicate":true}]""");
            _seqById[id] = ++_seq;
            var message = $$"""{"type":"message","room":"lobby","seq":{{_seq}},"at":"2026-11-23T10:02:31.123Z","from":{"user":"u"},"text":"{{frame["text"]}}"}""";
            foreach (var member in _members.Values.Where(member => member.IsIn))
                member.Frames.AddRange(Deliver(member.Number, _seq, message));
            (_moreFrames, var before) = (NewSignal(), _moreFrames);
            before.SetResult();
            return Json($$"""[{"type":"ack","id":"{{id}}","room":"lobby","seq":{{_seq}}}]""");
        }
    }

    private async Task<IResult> PollAsync(HttpRequest request)
    {
        var after = int.Parse(request.Query["after"]!, CultureInfo.InvariantCulture);
        while (true)
        {
            Task more;
            lock (_room)
            {
                var frames = GetMember(request).Frames;
                if (frames.Count > after) return Json($$"""{"next":{{frames.Count}},"frames":[{{string.Join(',', frames.Skip(after))}}]}""");
                more = _moreFrames.Task;
            }
            await more.WaitAsync(request.HttpContext.RequestAborted);
        }
    }

    private async Task StreamAsync(HttpContext context)
    {
        var cursor = int.Parse(context.Request.Query["after"]!, CultureInfo.InvariantCulture);
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers["Chat-Cursor"] = $"{cursor}";
        while (true)
        {
            string[] frames;
            Task more;
            lock (_room)
            {
                frames = [.. GetMember(context.Request).Frames.Skip(cursor)];
                more = _moreFrames.Task;
            }
            foreach (var frame in frames) await context.Response.WriteAsync($"id: {++cursor}\ndata: {frame}\n\n", context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await more.WaitAsync(context.RequestAborted);
        }
    }

    private Member GetMember(HttpRequest request) => _members[request.Headers.Authorization.ToString()["Bearer ".Length..]];

    private static IResult Json(string json) => Results.Text(json, "application/json");

    private sealed record Member(int Number)
    {
        public List<string> Frames { get; } = [Welcome($"t{Number}")];

        public bool IsIn { get; set; }
    }
}
