using ArchUnitNET.Domain;
using ArchUnitNET.Domain.Dependencies;
using ArchUnitNET.Loader;
using static ArchUnitNET.Fluent.ArchRuleDefinition;

namespace RawSocketChat.Tests.Architecture;

/// <summary>Rules for the references between the parts of the code. Each rule also fails if its source namespace is empty.</summary>
public sealed class DependencyRulesTests
{
    private const string ProtocolCode = @"^RawSocketChat\.Protocol\.";
    private const string ServerCode = @"^RawSocketChat\.Server\.";

    private static readonly ArchUnitNET.Domain.Architecture Code = new ArchLoader()
        .LoadAssemblies(typeof(RawSocketChat.Protocol.WebSocket.WebSocketProtocol).Assembly, typeof(Server.Program).Assembly, typeof(Flood.FloodRun).Assembly)
        .Build();

    [TestCase(@"^System\.Net\.Sockets")]
    [TestCase(@"^System\.Net\.WebSockets")]
    [TestCase(@"^System\.IO\.Pipelines")]
    [TestCase(@"^System\.Threading\.Channels")]
    [TestCase(@"^System\.Threading\.Tasks")]
    [TestCase(@"^Microsoft\.")]
    public void Protocol_is_synchronous_and_has_no_IO(string forbidden) => AssertNoReference(ProtocolCode, forbidden);

    [Test]
    public void Protocol_uses_only_the_base_class_library() =>
        FindAssemblyReferences(typeof(RawSocketChat.Protocol.WebSocket.WebSocketProtocol)).Should().OnlyContain(name => name.StartsWith("System.", StringComparison.Ordinal));

    [TestCase("Compression", "WebSocket")]
    [TestCase("Compression", "Chat")]
    [TestCase("Compression", "Framing")]
    [TestCase("Chat", "Compression")]
    [TestCase("Framing", "Compression")]
    [TestCase("WebSocket", "Chat")]
    [TestCase("WebSocket", "Framing")]
    [TestCase("Chat", "WebSocket")]
    [TestCase("Chat", "Framing")]
    [TestCase("Framing", "WebSocket")]
    [TestCase("Framing", "Chat")]
    public void Parts_of_Protocol_do_not_refer_to_each_other(string part, string other) => AssertNoReference($@"{ProtocolCode}{part}$", $@"{ProtocolCode}{other}$");

    [TestCase("Transports")]
    [TestCase("Rooms")]
    [TestCase("Sessions")]
    [TestCase("Storage")]
    [TestCase("Hosting")]
    [TestCase("Web")]
    [TestCase("Sockets")]
    [TestCase("Operator")]
    public void Connections_refers_to_no_sibling(string sibling) => AssertNoReference($@"{ServerCode}Connections$", $@"{ServerCode}{sibling}");

    [Test]
    public void Logging_refers_to_no_other_part() => AssertNoReference($@"{ServerCode}Logging$", @"^RawSocketChat\.(?!Server\.Logging$)");

    [Test]
    public void Search_refers_to_no_other_part_of_the_server() => AssertNoReference($@"{ServerCode}Search$", $@"{ServerCode}(?!Search$)");

    [TestCase("Rooms")]
    [TestCase("Sessions")]
    [TestCase("Storage")]
    [TestCase("Hosting")]
    public void Transports_do_not_refer_to_the_chat(string sibling) => AssertNoReference($@"{ServerCode}Transports", $@"{ServerCode}{sibling}");

    [TestCase("WebSockets", "RawTcp")]
    [TestCase("WebSockets", "Http")]
    [TestCase("RawTcp", "WebSockets")]
    [TestCase("RawTcp", "Http")]
    [TestCase("Http", "WebSockets")]
    [TestCase("Http", "RawTcp")]
    [TestCase("Http", "Polling")]
    [TestCase("Http", "LongPolling")]
    [TestCase("Http", "Streaming")]
    [TestCase("Polling", "LongPolling")]
    [TestCase("Polling", "Streaming")]
    [TestCase("LongPolling", "Polling")]
    [TestCase("LongPolling", "Streaming")]
    [TestCase("Streaming", "Polling")]
    [TestCase("Streaming", "LongPolling")]
    [TestCase("Origins", "WebSockets")]
    [TestCase("Origins", "RawTcp")]
    [TestCase("Origins", "Http")]
    public void Transports_do_not_refer_to_each_other(string transport, string other) => AssertNoReference($@"{ServerCode}Transports\.{transport}$", $@"{ServerCode}Transports\.{other}$");

    [TestCase(@"^RawSocketChat\.Server\.Api")]
    [TestCase(@"^RawSocketChat\.Server\.Transports")]
    [TestCase(@"^RawSocketChat\.Server\.Storage\.")]
    [TestCase(@"^RawSocketChat\.Protocol\.(WebSocket|Framing)")]
    [TestCase(@"^Microsoft\.AspNetCore")]
    [TestCase(@"^System\.Net\.Sockets")]
    [TestCase(@"^Microsoft\.Data")]
    public void Rooms_refer_to_no_transport_no_ASP_NET_and_no_driver(string forbidden) => AssertNoReference($@"{ServerCode}Rooms$", forbidden, exceptSetup: true);

    [TestCase(@"^RawSocketChat\.Protocol")]
    [TestCase(@"^RawSocketChat\.Server\.(Transports|Rooms|Sessions|Storage|Hosting|Web|Operator)")]
    public void Sockets_do_not_refer_to_the_chat(string forbidden) => AssertNoReference($@"{ServerCode}Sockets$", forbidden);

    [Test]
    public void Sockets_refer_to_only_two_interfaces_of_Connections()
    {
        var known = Types().That().ResideInNamespaceMatching($@"{ServerCode}Sockets$").GetObjects(Code)
            .SelectMany(type => type.Dependencies).Select(dependency => dependency.Target.FullName).Where(name => name.Contains(".Server.Connections.", StringComparison.Ordinal));
        known.Distinct().Should().BeEquivalentTo(typeof(Server.Connections.IDirectSend).FullName, typeof(Server.Connections.IDetachablePipe).FullName);
    }

    [TestCase("Transports")]
    [TestCase("Rooms")]
    [TestCase("Sessions")]
    [TestCase("Storage")]
    public void Only_Hosting_refers_to_Sockets(string folder) => AssertNoReference($@"{ServerCode}{folder}", $@"{ServerCode}Sockets$");

    [TestCase(@"^Microsoft\.Data")]
    [TestCase(@"^SQLitePCL")]
    [TestCase(@"^Npgsql")]
    [TestCase(@"^Dapper")]
    public void Only_Storage_refers_to_a_database_driver(string driver) =>
        AssertNoReference(@"^RawSocketChat\.Server\.(?!Storage)", driver);

    [TestCase(@"^Microsoft\.Data\.Sqlite")]
    [TestCase(@"^SQLitePCL")]
    [TestCase(@"^RawSocketChat\.Server\.Storage\.Sqlite")]
    [TestCase(@"^Npgsql")]
    [TestCase(@"^RawSocketChat\.Server\.Storage\.Postgres")]
    public void Shared_SQL_refers_to_no_engine(string engine) => AssertNoReference(@"^RawSocketChat\.Server\.Storage\.Sql(\.Maintenance)?$", engine);

    [TestCase("Sqlite", @"^Npgsql")]
    [TestCase("Sqlite", @"^RawSocketChat\.Server\.Storage\.Postgres")]
    [TestCase("Postgres", @"^Microsoft\.Data\.Sqlite")]
    [TestCase("Postgres", @"^SQLitePCL")]
    public void Engines_do_not_refer_to_each_others_driver(string engine, string forbidden) => AssertNoReference($@"^RawSocketChat\.Server\.Storage\.{engine}", forbidden);

    [TestCase(@"^System\.CommandLine")]
    [TestCase(@"^Spectre\.")]
    [TestCase(@"^RawSocketChat\.Server\.Operator")]
    public void Server_does_not_refer_to_the_operator_commands(string forbidden) =>
        AssertNoReference(@"^RawSocketChat\.Server\.(Connections|Transports|Sockets|Rooms|Sessions|Hosting|Web|Storage)", forbidden);

    [TestCase("Connections")]
    [TestCase("Transports")]
    [TestCase("Sessions")]
    [TestCase("Rooms")]
    [TestCase("Storage")]
    [TestCase("Api")]
    public void Only_Program_Hosting_Web_and_Operator_refer_to_Push(string folder) => AssertNoReference($@"{ServerCode}{folder}", $@"{ServerCode}Push$");

    [Test]
    public void Only_Push_refers_to_the_library_for_push_messages() => AssertNoReference(@"^RawSocketChat\.Server\.(?!Push$)", @"^Lib\.Net\.Http");

    // Besides Storage, the commands use only the rules for room names (Rooms), the settings (Hosting) and the keys for push messages (Push).
    [Test]
    public void Operator_commands_refer_to_no_connection_and_no_endpoint() => AssertNoReference($@"{ServerCode}Operator$", $@"{ServerCode}(?!Operator|Storage|Rooms|Hosting|Push)");

    [TestCase("Connections")]
    [TestCase("Transports")]
    [TestCase("Sessions")]
    [TestCase("Storage")]
    public void Only_Program_refers_to_the_API(string folder) => AssertNoReference($@"{ServerCode}{folder}", $@"{ServerCode}Api$");

    [TestCase("Hosting")]
    [TestCase("Sessions")]
    [TestCase("Operator")]
    public void API_refers_only_to_rooms_and_HTTP(string forbidden) => AssertNoReference($@"{ServerCode}Api$", $@"{ServerCode}{forbidden}");

    [TestCase("Connections")]
    [TestCase("Transports")]
    [TestCase("Sessions")]
    [TestCase("Storage")]
    [TestCase("Rooms")]
    [TestCase("Api")]
    [TestCase("Operator")]
    public void Only_Program_refers_to_the_endpoints_of_files(string folder) => AssertNoReference($@"{ServerCode}{folder}", $@"{ServerCode}Files$");

    [TestCase(@"^RawSocketChat\.Server\.(Hosting|Operator|Api|Web)")]
    [TestCase(@"^RawSocketChat\.Server\.Transports\.(WebSockets|RawTcp|Polling|LongPolling|Streaming)")]
    [TestCase(@"^RawSocketChat\.Server\.Storage\.(Sql|Memory)")]
    public void Files_refer_only_to_rooms_sessions_storage_and_HTTP(string forbidden) => AssertNoReference($@"{ServerCode}Files$", forbidden, exceptSetup: true);

    [Test]
    public void Only_the_preview_program_refers_to_an_image_decoder() => AssertNoReference(@"^RawSocketChat\.Server\.(?!Files\.Images$)", @"^SkiaSharp");

    [TestCase("Connections")]
    [TestCase("Transports")]
    [TestCase("Sessions")]
    [TestCase("Rooms")]
    [TestCase("Storage")]
    [TestCase("Api")]
    [TestCase("Operator")]
    public void Only_Program_and_Hosting_refer_to_Webhooks(string folder) => AssertNoReference($@"{ServerCode}{folder}", $@"{ServerCode}Webhooks$");

    [TestCase("Transports")]
    [TestCase("Sessions")]
    [TestCase("Hosting")]
    [TestCase("Api")]
    [TestCase("Operator")]
    public void Webhooks_refer_only_to_rooms_and_storage(string forbidden) => AssertNoReference($@"{ServerCode}Webhooks$", $@"{ServerCode}{forbidden}");

    [TestCase("Connections")]
    [TestCase("Transports")]
    [TestCase("Rooms")]
    [TestCase("Sessions")]
    [TestCase("Storage")]
    [TestCase("Api")]
    [TestCase("Web")]
    public void Only_Program_refers_to_single_sign_on(string folder) => AssertNoReference($@"{ServerCode}{folder}", $@"{ServerCode}SingleSignOn$");

    [TestCase("Storage")]
    [TestCase("Hosting")]
    [TestCase("Operator")]
    [TestCase("Web")]
    public void Single_sign_on_refers_only_to_rooms_sessions_and_HTTP(string forbidden) => AssertNoReference($@"{ServerCode}SingleSignOn$", $@"{ServerCode}{forbidden}");

    [Test]
    public void Only_single_sign_on_refers_to_the_handler_of_OpenID_Connect() =>
        AssertNoReference(@"^RawSocketChat\.Server\.(?!SingleSignOn$)", @"^Microsoft\.AspNetCore\.Authentication");

    [Test]
    public void Flood_refers_to_Protocol_only() =>
        FindAssemblyReferences(typeof(Flood.FloodRun)).Where(name => name.StartsWith("RawSocketChat", StringComparison.Ordinal)).Should().Equal("RawSocketChat.Protocol");

    [Test]
    public void Server_does_not_decode_the_frames_that_it_has_written()
    {
        var decoders = Types().That().ResideInNamespaceMatching(ServerCode).GetObjects(Code)
            .Where(type => type.Dependencies.OfType<MethodCallDependency>().Any(call => call.TargetMember.Name.StartsWith("TryReadServer", StringComparison.Ordinal)));
        decoders.Select(type => type.FullName).Should().BeEmpty("layers pass typed frames");
    }

    [Test]
    public void Only_listed_parts_of_the_server_use_System_Text_Json() =>
        AssertNoReference(@"^RawSocketChat\.Server\.(?!Operator$|Api$|Web$|Transports\.Http$|Storage\.Sql$|Storage\.Postgres$|Files\.Images$|Push$)", @"^System\.Text\.Json");

    [TestCase(@"^System\.Net\.WebSockets")]
    [TestCase(@"^Microsoft\.AspNetCore\.SignalR")]
    public void Product_uses_no_other_WebSocket_implementation(string forbidden)
    {
        AssertNoReference(ServerCode, forbidden);
        AssertNoReference(ProtocolCode, forbidden);
    }

    [Test]
    public void Rules_find_a_forbidden_reference()
    {
        // Each of these references exists, so the check must find it.
        FindViolations($@"{ServerCode}Transports", @"^Microsoft\.AspNetCore").Should().NotBeEmpty();
        FindViolations($@"{ServerCode}Storage\.Sqlite", @"^SQLitePCL").Should().NotBeEmpty();
        FindViolations($@"{ServerCode}Rooms$", $@"{ServerCode}Connections$").Should().NotBeEmpty();
    }

    private static IEnumerable<string> FindAssemblyReferences(System.Type type) => type.Assembly.GetReferencedAssemblies().Select(reference => reference.Name!);

    private static void AssertNoReference(string from, string to, bool exceptSetup = false) => FindViolations(from, to, exceptSetup).Should().BeEmpty();

    private static List<string> FindViolations(string from, string to, bool exceptSetup = false)
    {
        var types = Types().That().ResideInNamespaceMatching(from);
        types.GetObjects(Code).Should().NotBeEmpty($"the rule applies to {from}");
        var bound = exceptSetup ? types.And().DoNotHaveNameMatching("Setup$") : types;
        var rule = bound.Should().NotDependOnAny(Types(includeReferenced: true).That().ResideInNamespaceMatching(to)).WithoutRequiringPositiveResults();
        return [.. rule.Evaluate(Code).Where(result => !result.Passed).Select(result => result.Description)];
    }
}
