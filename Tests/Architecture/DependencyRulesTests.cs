using ArchUnitNET.Domain;
using ArchUnitNET.Loader;
using static ArchUnitNET.Fluent.ArchRuleDefinition;

namespace RawSocketChat.Tests.Architecture;

/// <summary>Which parts may know which. Each rule first makes sure that it speaks of something.</summary>
public sealed class DependencyRulesTests
{
    private const string ProtocolCode = @"^RawSocketChat\.Protocol\.";
    private const string ServerCode = @"^RawSocketChat\.Server\.";

    private static readonly ArchUnitNET.Domain.Architecture Code = new ArchLoader()
        .LoadAssembliesIncludingDependencies(
            [typeof(RawSocketChat.Protocol.WebSocket.WebSocketProtocol).Assembly, typeof(Server.Program).Assembly, typeof(Flood.FloodRun).Assembly],
            recursive: false)
        .Build();

    [TestCase(@"^System\.Net\.Sockets")]
    [TestCase(@"^System\.Net\.WebSockets")]
    [TestCase(@"^System\.IO\.Pipelines")]
    [TestCase(@"^System\.Threading\.Channels")]
    [TestCase(@"^System\.Threading\.Tasks")]
    [TestCase(@"^Microsoft\.")]
    public void Protocol_is_synchronous_and_has_no_IO(string forbidden) => Never(ProtocolCode, forbidden);

    [TestCase("WebSocket", "Chat")]
    [TestCase("WebSocket", "Framing")]
    [TestCase("Chat", "WebSocket")]
    [TestCase("Chat", "Framing")]
    [TestCase("Framing", "WebSocket")]
    [TestCase("Framing", "Chat")]
    public void The_parts_of_Protocol_ignore_each_other(string part, string other) => Never($@"{ProtocolCode}{part}$", $@"{ProtocolCode}{other}$");

    [TestCase("Transports")]
    [TestCase("Rooms")]
    [TestCase("Sessions")]
    [TestCase("Storage")]
    [TestCase("Hosting")]
    [TestCase("Web")]
    [TestCase("Sockets")]
    public void Connections_refers_to_no_sibling(string sibling) => Never($@"{ServerCode}Connections$", $@"{ServerCode}{sibling}");

    [TestCase("Rooms")]
    [TestCase("Sessions")]
    [TestCase("Storage")]
    [TestCase("Hosting")]
    public void Transports_know_nothing_of_what_is_said(string sibling) => Never($@"{ServerCode}Transports", $@"{ServerCode}{sibling}");

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
    public void Transports_ignore_each_other(string way, string other) => Never($@"{ServerCode}Transports\.{way}$", $@"{ServerCode}Transports\.{other}$");

    [TestCase(@"^RawSocketChat\.Server\.Transports")]
    [TestCase(@"^RawSocketChat\.Server\.Storage\.Memory")]
    [TestCase(@"^RawSocketChat\.Protocol\.(WebSocket|Framing)")]
    [TestCase(@"^Microsoft\.AspNetCore")]
    [TestCase(@"^System\.Net\.Sockets")]
    public void Rooms_know_neither_ways_in_nor_the_web_nor_a_driver(string forbidden) => Never($@"{ServerCode}Rooms$", forbidden, exceptSetup: true);

    [TestCase(@"^RawSocketChat\.Protocol")]
    [TestCase(@"^RawSocketChat\.Server\.(Transports|Rooms|Sessions|Storage|Hosting|Web|Operator)")]
    public void The_transport_beneath_Kestrel_knows_nothing_of_chat(string forbidden) => Never($@"{ServerCode}Sockets$", forbidden);

    [Test]
    public void The_transport_beneath_Kestrel_knows_of_the_seam_what_the_seam_asks_of_it()
    {
        var known = Types().That().ResideInNamespaceMatching($@"{ServerCode}Sockets$").GetObjects(Code)
            .SelectMany(type => type.Dependencies).Select(dependency => dependency.Target.FullName).Where(name => name.Contains(".Server.Connections.", StringComparison.Ordinal));
        known.Distinct().Should().BeEquivalentTo(typeof(Server.Connections.IDirectSend).FullName, typeof(Server.Connections.IDetachablePipe).FullName);
    }

    [TestCase("Transports")]
    [TestCase("Rooms")]
    [TestCase("Sessions")]
    [TestCase("Storage")]
    public void The_transport_beneath_Kestrel_is_known_to_who_puts_it_there_alone(string folder) => Never($@"{ServerCode}{folder}", $@"{ServerCode}Sockets$");

    [TestCase(@"^Microsoft\.Data")]
    [TestCase(@"^SQLitePCL")]
    [TestCase(@"^StackExchange\.")]
    public void Storage_alone_sees_a_database(string driver) =>
        Never(@"^RawSocketChat\.Server\.(Connections|Transports|Sockets|Rooms|Sessions|Hosting|Web|Operator)", driver);

    [TestCase(@"^System\.CommandLine")]
    [TestCase(@"^Spectre\.")]
    [TestCase(@"^RawSocketChat\.Server\.Operator")]
    public void A_running_server_knows_nothing_of_the_operators_commands(string forbidden) =>
        Never(@"^RawSocketChat\.Server\.(Connections|Transports|Sockets|Rooms|Sessions|Hosting|Web|Storage)", forbidden);

    [TestCase("Connections")]
    [TestCase("Transports")]
    [TestCase("Sessions")]
    [TestCase("Web")]
    public void The_operators_commands_work_on_what_is_stored_alone(string forbidden) => Never($@"{ServerCode}Operator$", $@"{ServerCode}{forbidden}");

    [Test]
    public void Flood_refers_to_Protocol_only() => Never(@"^RawSocketChat\.Tests\.Flood", ServerCode);

    [TestCase(@"^System\.Net\.WebSockets")]
    [TestCase(@"^Microsoft\.AspNetCore\.SignalR")]
    public void The_product_stands_on_no_other_WebSocket(string forbidden)
    {
        Never(ServerCode, forbidden);
        Never(ProtocolCode, forbidden);
    }

    [Test]
    public void A_broken_rule_is_found()
    {
        // The rules are worth what they find: Rooms do use Connections.
        Violations($@"{ServerCode}Rooms$", $@"{ServerCode}Connections$").Should().NotBeEmpty();
    }

    private static void Never(string from, string to, bool exceptSetup = false) => Violations(from, to, exceptSetup).Should().BeEmpty();

    private static List<string> Violations(string from, string to, bool exceptSetup = false)
    {
        var types = Types().That().ResideInNamespaceMatching(from);
        types.GetObjects(Code).Should().NotBeEmpty($"the rule speaks of {from}");
        var bound = exceptSetup ? types.And().DoNotHaveNameMatching("Setup$") : types;
        var rule = bound.Should().NotDependOnAny(Types(includeReferenced: true).That().ResideInNamespaceMatching(to)).WithoutRequiringPositiveResults();
        return [.. rule.Evaluate(Code).Where(result => !result.Passed).Select(result => result.Description)];
    }
}
