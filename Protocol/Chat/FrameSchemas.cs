using System.Reflection;
using System.Text.Json.Nodes;

namespace RawSocketChat.Protocol.Chat;

/// <summary>
/// Describes all frames in JSON Schema (draft 7). The schemas of client frames come from <see cref="FrameSpecs"/>, and those of server frames from
/// the parameters of their records, so they change together with the code. References between schemas begin with <see cref="Prefix"/>.
/// </summary>
public static class FrameSchemas
{
    /// <summary>The JSON pointer to the schemas in the document that contains them.</summary>
    public const string Prefix = "#/components/schemas/";

    private const string Person = nameof(Chat.Person);
    private const string Event = "Event";

    private static readonly Type[] Events =
        [typeof(MessageFrame), typeof(EditedFrame), typeof(DeletedFrame), typeof(ReactedFrame), typeof(TopicFrame), typeof(ModeratedFrame)];

    /// <summary>The names of all types of client frames, with their descriptions.</summary>
    public static IEnumerable<(string Type, string Description)> ClientFrames => FrameSpecs.All.Select(spec => (spec.Name, Commands.Get(spec.Type).Description));

    /// <summary>The names of all types of server frames.</summary>
    public static IEnumerable<string> ServerFrames => FindServerFrames().Select(GetName);

    /// <summary>The key of the schema of a type of client frames.</summary>
    public static string GetClientKey(string type) => $"client.{type}";

    /// <summary>The key of the schema of a type of server frames.</summary>
    public static string GetServerKey(string type) => $"server.{type}";

    /// <summary>Creates all schemas.</summary>
    public static JsonObject Create()
    {
        var schemas = new JsonObject();
        foreach (var spec in FrameSpecs.All)
            schemas.Add(GetClientKey(spec.Name), CreateClientFrame(spec));
        foreach (var frame in FindServerFrames())
            schemas.Add(GetServerKey(GetName(frame)), CreateServerFrame(frame));
        schemas.Add(Event, new JsonObject { ["oneOf"] = new JsonArray([.. Events.Select(frame => Refer(GetServerKey(GetName(frame))))]) });
        foreach (var part in (Type[])[typeof(Chat.Person), typeof(WelcomeLimits), typeof(RoomInfo), typeof(TokenInfo), typeof(HelpEntry), typeof(AttachedFile), typeof(WebhookFailing), typeof(WebhookFailedEvent)])
            schemas.Add(part.Name, CreateObject(part));
        return schemas;
    }

    private static JsonObject CreateClientFrame(FrameSpec spec)
    {
        var schema = new ObjectSchema();
        schema.Add("type", new JsonObject { ["const"] = spec.Name }, isRequired: true);
        schema.Add("id", CreateId(), isRequired: false);
        foreach (var (field, isRequired) in spec.FieldUses)
            schema.Add(Fields.GetName(field), CreateField(field, spec.Type), isRequired);
        return schema.Build();
    }

    private static JsonObject CreateField(Field field, ClientFrameType type) => Fields.GetKind(field) switch
    {
        FieldKind.Number => new JsonObject { ["type"] = "integer", ["minimum"] = Fields.GetMinimum(field, type) },
        FieldKind.Flag => new JsonObject { ["type"] = "boolean" },
        FieldKind.StringList => CreateList(new JsonObject { ["type"] = "string" }),
        _ when Fields.GetChoices(field, type) is { } choices => new JsonObject { ["enum"] = new JsonArray([.. choices.Select(choice => JsonValue.Create(choice))]) },
        _ => new JsonObject { ["type"] = "string" },
    };

    private static IEnumerable<Type> FindServerFrames() =>
        typeof(ServerFrame).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(ServerFrame))).OrderBy(type => type.Name, StringComparer.Ordinal);

    private static string GetName(Type frame) => frame.Name[..^"Frame".Length].ToLowerInvariant();

    private static JsonObject CreateServerFrame(Type frame)
    {
        var schema = new ObjectSchema();
        schema.Add("type", new JsonObject { ["const"] = GetName(frame) }, isRequired: true);
        // These fields are on the wire, but the records have no parameters for them.
        if (frame == typeof(WelcomeFrame))
            schema.Add("protocol", new JsonObject { ["const"] = 1 }, isRequired: true);
        if (frame == typeof(WireFrame))
            schema.Add("us", new JsonObject { ["type"] = "integer" }, isRequired: true);
        AddParameters(frame, schema);
        return schema.Build();
    }

    private static JsonObject CreateObject(Type type)
    {
        var schema = new ObjectSchema();
        AddParameters(type, schema);
        return schema.Build();
    }

    private static void AddParameters(Type type, ObjectSchema schema)
    {
        var nullability = new NullabilityInfoContext();
        foreach (var parameter in type.GetConstructors().Single().GetParameters())
        {
            // On the wire, some parameters with a default value are omitted, and others are always present. The schema requires none of them.
            var isRequired = !parameter.HasDefaultValue && nullability.Create(parameter).ReadState != NullabilityState.Nullable;
            AddParameter(type, parameter, isRequired, schema);
        }
    }

    private static void AddParameter(Type owner, ParameterInfo parameter, bool isRequired, ObjectSchema schema)
    {
        var name = char.ToLowerInvariant(parameter.Name![0]) + parameter.Name[1..];
        if (parameter.ParameterType == typeof(ChatError))
        {
            // On the wire, the fields of the error are fields of the frame.
            AddParameters(typeof(ChatError), schema);
        }
        else if (owner == typeof(ModeratedFrame) && parameter.ParameterType == typeof(Chat.Person) && name == "user")
        {
            schema.Add("user", new JsonObject { ["type"] = "string" }, isRequired: false);
            schema.Add("name", new JsonObject { ["type"] = "string" }, isRequired: false);
        }
        else
        {
            // A deleted message has no text, so the text is not required.
            schema.Add(name, CreateValue(owner, parameter.ParameterType), isRequired && !(owner == typeof(MessageFrame) && name == "text") && parameter.ParameterType != typeof(FrameId));
        }
    }

    private static JsonObject CreateValue(Type owner, Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(FrameId))
            return CreateId();
        if (type == typeof(string))
            return new JsonObject { ["type"] = "string" };
        if (type == typeof(bool))
            return new JsonObject { ["type"] = "boolean" };
        if (type == typeof(int) || type == typeof(long) || type == typeof(ushort))
            return new JsonObject { ["type"] = "integer" };
        if (type == typeof(DateTimeOffset))
            return new JsonObject { ["type"] = "string", ["format"] = "date-time" };
        if (type == typeof(Snippet))
            return CreateSnippet();
        // Each emoji with the people who reacted with it.
        if (type == typeof(IReadOnlyList<Reaction>))
            return new JsonObject { ["type"] = "object", ["additionalProperties"] = CreateList(Refer(Person)) };
        if (type == typeof(IReadOnlyList<ReadOnlyMemory<byte>>))
            return CreateList(Refer(owner == typeof(ResultsFrame) ? GetServerKey("message") : Event));
        return type.IsGenericType ? CreateList(CreateValue(owner, type.GetGenericArguments()[0])) : Refer(type.Name);
    }

    // The marks are pairs of a start and a length.
    private static JsonObject CreateSnippet()
    {
        var schema = new ObjectSchema();
        schema.Add("text", new JsonObject { ["type"] = "string" }, isRequired: true);
        schema.Add("marks", CreateList(CreateList(new JsonObject { ["type"] = "integer" })), isRequired: true);
        return schema.Build();
    }

    private static JsonObject CreateId() => new() { ["type"] = new JsonArray("string", "integer"), ["minLength"] = 1, ["maxLength"] = FrameId.MaxLength };

    private static JsonObject CreateList(JsonObject items) => new() { ["type"] = "array", ["items"] = items };

    private static JsonObject Refer(string key) => new() { ["$ref"] = Prefix + key };

    private sealed class ObjectSchema
    {
        private readonly JsonObject _properties = [];
        private readonly List<string> _required = [];

        public void Add(string name, JsonObject schema, bool isRequired)
        {
            _properties.Add(name, schema);
            if (isRequired)
                _required.Add(name);
        }

        public JsonObject Build() => new()
        {
            ["type"] = "object",
            ["required"] = new JsonArray([.. _required.Select(name => JsonValue.Create(name))]),
            ["properties"] = _properties,
        };
    }
}
