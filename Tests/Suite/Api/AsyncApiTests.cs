using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Chat;
using RawSocketChat.Tests.EndToEnd;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Api;

/// <summary><c>/asyncapi.json</c>, compared with the frames of the protocol and with real answers.</summary>
public sealed class AsyncApiTests
{
    private ServerUnderTest _server = null!;
    private JsonNode _document = null!;
    private SchemaChecker _schemas = null!;

    [OneTimeSetUp]
    public async Task ReadDocumentAsync()
    {
        _server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false", "--Webhooks:AllowedNetworks:0", "127.0.0.0/8");
        using var http = new HttpTestClient(_server.HttpPort);
        var answer = await http.GetAsync("/asyncapi.json");
        answer.Status.Should().Be(200);
        answer.Headers["Content-Type"].Single().Should().Be("application/json");
        _document = JsonNode.Parse(answer.Body)!;
        _schemas = new SchemaChecker(_document);
    }

    [OneTimeTearDown]
    public async Task StopServerAsync() => await _server.DisposeAsync();

    [Test]
    public void Document_has_every_request_and_every_frame_of_the_server()
    {
        string[] client = [.. Enum.GetNames<ClientFrameType>().Select(name => $"client.{name.ToLowerInvariant()}")];
        string[] server = [.. ReadmeTypes("| type | fields | when the server sends it |").Select(name => $"server.{name}")];
        server.Should().HaveCountGreaterThan(20);
        Keys("components", "messages").Should().BeEquivalentTo([.. client, .. server]);
        foreach (var channel in (string[])["webSocket", "rawTcp"])
            Keys("channels", channel, "messages").Should().BeEquivalentTo([.. client, .. server]);
        foreach (var over in (string[])["WebSocket", "RawTcp"])
        {
            GetMessages($"receiveOver{over}").Should().BeEquivalentTo(client);
            GetMessages($"sendOver{over}").Should().BeEquivalentTo(server);
        }

        ((string)_document["channels"]!["webSocket"]!["address"]!).Should().Be("/ws");
        ((string)_document["operations"]!["receiveOverWebSocket"]!["action"]!).Should().Be("receive");
    }

    [Test]
    [Category(Categories.Slow)] // runs node
    public async Task Document_is_valid_AsyncAPI()
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "asyncapi.json");
        File.WriteAllText(file, _document.ToJsonString());
        (await CheckAsync(file)).Should().Be("exit 0\n");
        File.WriteAllText(file, _document.ToJsonString().Replace("\"receive\"", "\"read\"", StringComparison.Ordinal));
        (await CheckAsync(file)).Should().EndWith("exit 1\n", "the check finds an error");

        static Task<string> CheckAsync(string file) =>
            Shell.RunAsync($"NODE_PATH='{InstalledTools.NodeModules}' node '{Path.Combine(Repository.Root, "Tests", "Suite", "Api", "check-asyncapi.cjs")}' '{file}' 2>&1; echo \"exit $?\"");
    }

    [Test]
    public void Schema_of_each_request_has_the_fields_of_the_request()
    {
        foreach (var spec in FrameSpecs.All)
        {
            var schema = _document["components"]!["schemas"]![$"client.{spec.Name}"]!;
            schema["properties"]!.AsObject().Select(field => field.Key).Should().Equal(["type", "id", .. spec.FieldUses.Select(use => Fields.GetName(use.Field))], spec.Name);
            schema["required"]!.AsArray().Select(name => (string)name!).Should().Equal(["type", .. spec.FieldUses.Where(use => use.IsRequired).Select(use => Fields.GetName(use.Field))], spec.Name);
        }
    }

    [Test]
    public void All_references_of_the_document_resolve()
    {
        var references = FindReferences(_document).ToList();
        references.Should().HaveCountGreaterThan(100);
        references.Should().OnlyContain(reference => _schemas.Resolve(reference) != null);
    }

    [Test]
    public void Examples_of_the_specification_are_valid()
    {
        foreach (var json in ReadmeTests.ReadLines("json client"))
            _schemas.FindFaults(JsonNode.Parse(json), "client").Should().BeEmpty(json);
        foreach (var json in ReadmeTests.ReadLines("json server"))
            _schemas.FindFaults(JsonNode.Parse(json), "server").Should().BeEmpty(json);
    }

    [Test]
    public async Task Real_answers_are_valid()
    {
        var received = new ConcurrentQueue<string>();
        await using var ann = await ConnectAsync("/ws?name=ann&wire=1", received);
        var token = (await ann.Inbox.ExpectAsync<WelcomeFrame>()).Session;
        await using var phone = await ConnectAsync($"/ws?session={token}&room=lobby", received);
        await using var bob = await ConnectAsync("/ws?name=bob&room=lobby", received);
        await bob.Inbox.ExpectAsync<JoinedFrame>();
        await RunAsync(ann, """{"type":"create","room":"garden","topic":"all that grows"}""");
        await RunAsync(phone, """{"type":"join","room":"garden","limit":5}""");
        await RunAsync(bob, """{"type":"join","room":"garden"}""");
        foreach (var request in (string[])
            [
                """{"type":"say","text":"hello @bob and @here"}""", """{"type":"say","text":"waves","me":true,"reply":1}""", """{"type":"say","text":"x"}""", """{"type":"edit","seq":1,"text":"hello again"}""",
                """{"type":"react","seq":1,"emoji":"👍"}""", """{"type":"react","seq":2,"emoji":"👍"}""", """{"type":"react","seq":2,"emoji":"👍","off":true}""", """{"type":"delete","seq":3}""",
                """{"type":"topic","text":"be kind"}""", """{"type":"topic"}""", """{"type":"read","seq":4}""", """{"type":"typing"}""", """{"type":"typing","off":true}""", """{"type":"notify","level":"mentions"}""",
                """{"type":"history","limit":20}""", """{"type":"history","after":1}""", """{"type":"search","query":"hello"}""", """{"type":"search","query":"nothing"}""", """{"type":"rooms"}""", """{"type":"who"}""",
                """{"type":"tokens","do":"create","name":"builds"}""", """{"type":"tokens","do":"list"}""", """{"type":"tokens","do":"revoke","name":"builds"}""",
                """{"type":"webhook","do":"set","url":"http://127.0.0.1:1/"}""", """{"type":"say","text":"for the webhook"}""", """{"type":"webhook","do":"show"}""", """{"type":"webhook","do":"retry"}""", """{"type":"webhook","do":"remove"}""",
                """{"type":"slow","seconds":10}""", """{"type":"slow","seconds":0}""", """{"type":"role","user":"bob","role":"moderator"}""", """{"type":"role","user":"bob","role":"member"}""",
                """{"type":"mute","user":"bob","seconds":60,"reason":"too loud"}""", """{"type":"unmute","user":"bob"}""", """{"type":"kick","user":"bob"}""", """{"type":"ban","user":"bob"}""", """{"type":"unban","user":"bob"}""",
                """{"type":"invite","user":"bob"}""", """{"type":"dm","to":"bob","text":"hi"}""", """{"type":"leave"}""", """{"type":"join","room":"garden","after":2}""",
                """{"type":"nick","name":"anna"}""", """{"type":"whoami"}""", """{"type":"help"}""", """{"type":"help","about":"join"}""", """{"type":"ping"}""", """{"type":"nonsense"}""", """{"type":"join"}""", """{"type":"say"}""",
                """{"type":"register","name":"anna","password":"my long password"}""", """{"type":"password","old":"my long password","new":"another password"}""", """{"type":"login","name":"anna","password":"another password"}""",
                """{"type":"hello"}""", """{"type":"close","room":"garden"}""", """{"type":"logout"}""",
            ])
        {
            if (!request.Contains("nonsense", StringComparison.Ordinal) && request is not ("""{"type":"join"}""" or """{"type":"say"}"""))
                _schemas.FindFaults(JsonNode.Parse(request), "client").Should().BeEmpty(request);
            await RunAsync(ann, request);
        }

        await bob.Inbox.ExpectAsync<InvitedFrame>();
        await ann.Inbox.ExpectAsync<ByeFrame>();
        var types = new HashSet<string>();
        foreach (var json in received)
        {
            var frame = JsonNode.Parse(json)!;
            _schemas.FindFaults(frame, "server").Should().BeEmpty(json);
            types.Add((string)frame["type"]!);
        }

        // This test causes no gap frame, which needs a trimmed log, and no lag frame, which needs a slow consumer. The examples of the specification
        // contain both frames.
        types.Should().BeEquivalentTo(ReadmeTypes("| type | fields | when the server sends it |").Except(["gap", "lag"]));
    }

    [Test]
    public void Schema_checker_finds_a_frame_that_differs_from_the_document()
    {
        Find("""{"type":"pong","at":"2026-11-23T10:02:31.123Z"}""").Should().BeEmpty();
        Find("""{"type":"pong"}""").Should().ContainSingle().Which.Should().Contain("at");
        Find("""{"type":"pong","at":7}""").Should().ContainSingle().Which.Should().Contain("at");
        Find("""{"type":"pong","at":"2026-11-23T10:02:31.123Z","new":1}""").Should().ContainSingle().Which.Should().Contain("new");
        Find("""{"type":"nonsense"}""").Should().NotBeEmpty();
        Find("""{"type":"history","room":"r","more":false,"messages":[{"type":"message","room":"r","seq":1}]}""").Should().NotBeEmpty();

        List<string> Find(string json) => [.. _schemas.FindFaults(JsonNode.Parse(json), "server")];
    }

    private async Task<ChatClient> ConnectAsync(string path, ConcurrentQueue<string> received)
    {
        var client = await ChatClient.ConnectAsync(_server.HttpPort, path, read: false);
        client.Inbox.OnJson = received.Enqueue;
        client.Read();
        return client;
    }

    // Sends a request with an id, and waits for its answer.
    private static async Task RunAsync(ChatClient client, string json)
    {
        var request = JsonNode.Parse(json)!.AsObject();
        var id = $"{Guid.NewGuid():n}";
        request["id"] = id;
        await client.SendAsync(request.ToJsonString());
        await client.Inbox.ExpectAsync<ServerFrame>(frame => ChatPeerExtensions.GetId(frame) == FrameId.From(id));
    }

    private IEnumerable<string> Keys(params string[] path) => path.Aggregate(_document, (node, name) => node[name]!).AsObject().Select(entry => entry.Key);

    private IEnumerable<string> GetMessages(string operation) =>
        _document["operations"]![operation]!["messages"]!.AsArray().Select(message => ((string)message!["$ref"]!).Split('/')[^1]);

    private static IEnumerable<string> ReadmeTypes(string header) => ReadmeTests.Readme.SkipWhile(line => line != header).Skip(2).TakeWhile(line => line.StartsWith('|'))
        .SelectMany(line => line.Split('|')[1].Split(',')).Select(name => name.Trim(' ', '`'));

    private static IEnumerable<string> FindReferences(JsonNode? node) => node switch
    {
        JsonObject fields => fields.SelectMany(field => field.Key == "$ref" ? [(string)field.Value!] : FindReferences(field.Value)),
        JsonArray list => list.SelectMany(FindReferences),
        _ => [],
    };
}

/// <summary>
/// Checks values against the schemas of a document. A field that a schema does not have is a fault too, because a reader of the schema would not know
/// the field. The checker supports only the keywords of JSON Schema that the document uses. A schema with another keyword fails the test.
/// </summary>
internal sealed class SchemaChecker(JsonNode document)
{
    private static readonly string[] KnownWords =
        ["$ref", "type", "const", "enum", "oneOf", "required", "properties", "additionalProperties", "items", "minimum", "minLength", "maxLength", "format"];

    /// <summary>Finds the faults of a frame.</summary>
    /// <param name="side"><c>client</c> or <c>server</c>.</param>
    public IEnumerable<string> FindFaults(JsonNode? frame, string side) =>
        Resolve($"#/components/schemas/{side}.{(string?)frame?["type"]}") is { } schema ? Find(frame, schema, "$") : [$"there is no schema for {frame?.ToJsonString()}"];

    /// <summary>The part of the document that a reference names; null if there is none.</summary>
    public JsonNode? Resolve(string reference) => reference.TrimStart('#', '/').Split('/').Aggregate((JsonNode?)document, (node, name) => node?[name]);

    private IEnumerable<string> Find(JsonNode? value, JsonNode schema, string at)
    {
        schema.AsObject().Select(word => word.Key).Should().BeSubsetOf(KnownWords);
        if (schema["$ref"] is { } reference)
            return Find(value, Resolve((string)reference!)!, at);
        if (schema["oneOf"] is JsonArray choices)
            return choices.Count(choice => !Find(value, choice!, at).Any()) == 1 ? [] : [$"{at} does not match exactly one schema: {value?.ToJsonString()}"];
        if (schema["const"] is { } wanted)
            return JsonNode.DeepEquals(value, wanted) ? [] : [$"{at} is not {wanted.ToJsonString()}"];
        if (schema["enum"] is JsonArray words)
            return words.Any(word => JsonNode.DeepEquals(value, word)) ? [] : [$"{at} is not one of {words.ToJsonString()}"];
        string[] types = schema["type"] is JsonArray several ? [.. several.Select(type => (string)type!)] : [(string)schema["type"]!];
        var actual = GetType(value);
        if (!types.Contains(actual))
            return [$"{at} is {actual}, not {string.Join(" or ", types)}"];
        return value switch
        {
            JsonArray list => list.SelectMany((element, i) => Find(element, schema["items"]!, $"{at}[{i}]")),
            JsonObject fields => FindFieldFaults(fields, schema, at),
            _ => FindValueFaults(value!, schema, actual, at),
        };
    }

    private IEnumerable<string> FindFieldFaults(JsonObject fields, JsonNode schema, string at)
    {
        var known = schema["properties"]?.AsObject() ?? [];
        foreach (var name in (schema["required"]?.AsArray() ?? []).Select(name => (string)name!).Where(name => !fields.ContainsKey(name)))
            yield return $"{at}.{name} is missing";
        foreach (var (name, value) in fields)
        {
            if ((known[name] ?? schema["additionalProperties"]) is not { } expected)
            {
                yield return $"{at}.{name} is not in the document";
                continue;
            }

            foreach (var fault in Find(value, expected, $"{at}.{name}"))
                yield return fault;
        }
    }

    private static IEnumerable<string> FindValueFaults(JsonNode value, JsonNode schema, string type, string at)
    {
        if (type == "integer" && schema["minimum"] is { } minimum && (long)value < (long)minimum)
            yield return $"{at} is less than {minimum}";
        if (type == "string" && schema["minLength"] is { } min && ((string)value!).Length < (int)min)
            yield return $"{at} is too short";
        if (type == "string" && schema["maxLength"] is { } max && ((string)value!).Length > (int)max)
            yield return $"{at} is too long";
        if (type == "string" && (string?)schema["format"] == "date-time" && !DateTimeOffset.TryParse((string)value!, System.Globalization.CultureInfo.InvariantCulture, out _))
            yield return $"{at} is not a time";
    }

    private static string GetType(JsonNode? value) => value?.GetValueKind() switch
    {
        JsonValueKind.Object => "object",
        JsonValueKind.Array => "array",
        JsonValueKind.String => "string",
        JsonValueKind.Number => "integer",
        JsonValueKind.True or JsonValueKind.False => "boolean",
        _ => "null",
    };
}
