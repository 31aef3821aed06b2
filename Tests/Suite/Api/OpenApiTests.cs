using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Transports.Http;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Api;

/// <summary><c>/openapi.json</c>, compared with the real answers.</summary>
public sealed class OpenApiTests : ApiFixture
{
    private const string Messages = "/api/rooms/{room}/messages";
    private const string Hook = "/hooks/{token}";

    private JsonNode _document = null!;

    [OneTimeSetUp]
    public async Task ReadDocumentAsync() => _document = JsonNode.Parse((await Http.GetAsync("/openapi.json")).Body)!;

    [Test]
    public void Document_describes_each_address_with_its_methods_and_the_token()
    {
        ((string)_document["openapi"]!).Should().StartWith("3.");
        _document["paths"]!.AsObject().ToDictionary(path => path.Key, path => string.Join(' ', path.Value!.AsObject().Select(operation => operation.Key).Order()))
            .Should().BeEquivalentTo(new Dictionary<string, string> { ["/api/rooms/{room}/messages"] = "get post", ["/hooks/{token}"] = "post" });
        _document["paths"]!["/api/rooms/{room}/messages"]!["post"]!["security"]![0]!.AsObject().Should().ContainKey("token");
        ((string)_document["components"]!["securitySchemes"]!["token"]!["scheme"]!).Should().Be("bearer");
        _document["paths"]!["/api/rooms/{room}/messages"]!["get"]!["parameters"]!.AsArray().Select(parameter => (string)parameter!["name"]!)
            .Should().Equal("room", "before", "after", "around", "limit");
    }

    [Test]
    public async Task Document_is_created_once_and_has_the_address_of_each_request()
    {
        var created = 0;
        await using var server = await ServerUnderTest.StartAsync(
            services => services.Configure<OpenApiOptions>("v1", options => options.AddDocumentTransformer((_, _, _) =>
            {
                Interlocked.Increment(ref created);
                return Task.CompletedTask;
            })),
            "--Data:Durability", "none");
        using var http = new HttpTestClient(server.HttpPort);
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => http.GetAsync("/openapi.json")));
        answers.Select(answer => (string)JsonNode.Parse(answer.Body)!["servers"]!.AsArray().Single()!["url"]!).Should().AllBe($"http://127.0.0.1:{server.HttpPort}/");
        created.Should().Be(1, "everybody may request the document, and its creation takes some milliseconds");
    }

    [Test]
    public async Task Answers_to_the_token_of_a_banned_moderator_match_the_document()
    {
        await using var room = await CreateRoomAsync();
        var (bob, _) = await ChatClient.JoinAsync(Server.HttpPort, "", room.Name);
        await using var __ = bob;
        var name = bob.Inbox.All.OfType<WelcomeFrame>().First().Name;
        await room.Owner.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Role, Room = room.Name, User = name, Role = "moderator", Id = FrameId.From("role") });
        var token = (await bob.CreateTokenAsync(room.Name, "alerts")).Token;
        await room.Owner.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Ban, Room = room.Name, User = name, Id = FrameId.From("ban") });
        using var program = new HttpTestClient(Server.HttpPort, token);
        Check(Messages, "post", await program.PostAsync(room.Messages, """{"text":"one"}"""), 403);
        Check(Messages, "get", await program.GetAsync(room.Messages), 403);
        Check(Hook, "post", await program.PostAsync($"/hooks/{token}", """{"text":"one"}"""), 403);
    }

    [TestCase(Messages)]
    [TestCase(Hook)]
    public async Task Answer_to_a_slow_body_is_in_the_document(string path)
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var server = await ServerUnderTest.StartAsync(services => services.AddSingleton<TimeProvider>(time), "--Connections:WholeFrameSeconds", "90", "--Connections:PingSeconds", "3600");
        await using var room = await TokenRoom.CreateAsync(server);
        var bodies = server.Services.GetRequiredService<HttpEndpoint>().Bodies;
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", server.HttpPort);
        await using var stream = client.GetStream();
        var address = path == Hook ? room.Hook : room.Messages;
        await stream.WriteAsync(Encoding.UTF8.GetBytes($"POST {address} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {room.Token}\r\nContent-Length: 100\r\n\r\n{{"));
        await TestWait.UntilAsync(() => bodies.Bytes == 1, "the first byte of the body");
        time.Advance(TimeSpan.FromSeconds(90));
        using var reader = new StreamReader(stream);
        (await reader.ReadToEndAsync().OrFail("the end of the connection")).Should().StartWith("HTTP/1.1 408 ");
        _document["paths"]![path]!["post"]!["responses"]!.AsObject().Should().ContainKey("408");
    }

    [Test]
    public async Task Answers_match_the_document()
    {
        await using var room = await CreateRoomAsync();
        Check(Messages, "post", await room.PostAsync("""{"text":"one","id":"k1"}"""), 201);
        Check(Messages, "post", await room.PostAsync("""{"text":"one","id":"k1"}"""), 200);
        Check(Messages, "post", await room.PostAsync("""{"text":"two","id":7,"reply":1,"me":true}"""), 201);
        Check(Messages, "post", await room.PostAsync("""{"id":7}"""), 400);
        Check(Messages, "post", await room.PostAsync($$"""{"text":"{{new string('x', 70_000)}}"}"""), 413);
        Check(Messages, "post", await Http.PostAsync(room.Messages, "{}"), 401);
        Check(Hook, "post", await Http.PostAsync(room.Hook, """{"text":"three"}"""), 200);
        Check(Hook, "post", await Http.PostAsync(room.Hook, "{}"), 400);
        Check(Hook, "post", await Http.PostAsync("/hooks/x", "{}"), 404);

        foreach (var line in (string[])["""{"type":"edit","seq":4,"text":"@here edited","id":"e"}""", """{"type":"react","seq":1,"emoji":"👍","id":"r"}""", """{"type":"delete","seq":2,"id":"d"}""", """{"type":"topic","text":"t","id":"t"}""", """{"type":"slow","seconds":0,"id":"s"}"""])
        {
            if (line.Contains("edit", StringComparison.Ordinal))
                await room.Owner.SayAsync("mine @here", room: room.Name);
            await room.Owner.SendAsync(line);
            await room.Owner.Inbox.ExpectAsync<AckFrame>();
        }

        var history = await room.Program.GetAsync(room.Messages);
        JsonNode.Parse(history.Body)!["messages"]!.AsArray().Select(found => (string)found!["type"]!).Distinct().Should().HaveCount(6, "every type of event is checked");
        Check(Messages, "get", history, 200);
        Check(Messages, "get", await room.Program.GetAsync($"{room.Messages}?limit=0"), 400);
        Check(Messages, "get", await Http.GetAsync(room.Messages), 401);
    }

    [Test]
    public void Answer_that_differs_from_the_document_is_a_fault()
    {
        var schema = _document["components"]!["schemas"]!["ApiAck"]!;
        Find(schema, """{"type":"ack","room":"r","seq":1}""").Should().ContainSingle().Which.Should().Contain("at");
        Find(schema, """{"type":"ack","room":7,"seq":1,"at":"2026-11-23T10:02:31.123Z"}""").Should().ContainSingle().Which.Should().Contain("room");
        Find(schema, """{"type":"ack","room":"r","seq":1,"at":"2026-11-23T10:02:31.123Z","new":1}""").Should().ContainSingle().Which.Should().Contain("new");

        List<string> Find(JsonNode expected, string json) => [.. FindFaults(JsonNode.Parse(json), expected, "$")];
    }

    private void Check(string path, string method, HttpTestResponse answer, int status)
    {
        answer.Status.Should().Be(status, answer.Body);
        var content = _document["paths"]![path]![method]!["responses"]![$"{status}"]?["content"]?.AsObject();
        content.Should().NotBeNull($"{method} {path} may answer {status}");
        var type = answer.Headers["Content-Type"].Single().Split(';')[0];
        content.Should().ContainKey(type);
        if (type == "application/json")
            FindFaults(JsonNode.Parse(answer.Body), content![type]!["schema"]!, "$").Should().BeEmpty(answer.Body);
    }

    // A field that the schema does not have is a fault too, because a reader of the schema would not know the field. The exceptions are reactions and
    // the fields of moderated events: for these, the schema refers to Protocol/README.md.
    private IEnumerable<string> FindFaults(JsonNode? value, JsonNode schema, string at)
    {
        if (schema["$ref"] is { } reference)
            schema = _document["components"]!["schemas"]![((string)reference!).Split('/')[^1]]!;
        string[] types = schema["type"] is JsonArray several ? [.. several.Select(type => (string)type!)] : [(string)schema["type"]!];
        var actual = value?.GetValueKind() switch
        {
            JsonValueKind.Object => "object",
            JsonValueKind.Array => "array",
            JsonValueKind.String => "string",
            JsonValueKind.Number => "integer",
            JsonValueKind.True or JsonValueKind.False => "boolean",
            _ => "null",
        };
        if (!types.Contains(actual))
            return [$"{at} is {actual}, not {string.Join(" or ", types)}"];
        if (value is JsonArray list)
            return list.SelectMany((element, i) => FindFaults(element, schema["items"]!, $"{at}[{i}]"));
        if (value is not JsonObject fields)
            return [];
        var known = schema["properties"]!.AsObject();
        string[] elsewhere = at.StartsWith("$.messages[", StringComparison.Ordinal) ? ["reactions", "emoji", "off", "action", "user", "name", "role", "seconds", "reason"] : [];
        return
        [
            .. (schema["required"]?.AsArray() ?? []).Select(name => (string)name!).Where(name => !fields.ContainsKey(name)).Select(name => $"{at}.{name} is missing"),
            .. fields.Where(field => !known.ContainsKey(field.Key) && !elsewhere.Contains(field.Key)).Select(field => $"{at}.{field.Key} is not in the document"),
            .. fields.Where(field => known.ContainsKey(field.Key)).SelectMany(field => FindFaults(field.Value, known[field.Key]!, $"{at}.{field.Key}")),
        ];
    }
}
