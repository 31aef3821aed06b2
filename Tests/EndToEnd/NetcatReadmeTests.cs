using System.Text;
using System.Xml.Linq;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>Runs the examples for nc of Protocol/README.md as they stand, but for the port.</summary>
public sealed class NetcatReadmeTests
{
    [Test]
    public async Task The_examples_do_what_they_say()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var (ann, _) = await ChatClient.JoinAsync(server.HttpPort, "ann");
        await using var __ = ann;
        foreach (var command in Block("sh netcat"))
        {
            var output = await Shell.RunAsync(command.Replace("localhost 5081", $"127.0.0.1 {server.RawPort}", StringComparison.Ordinal));
            output.Should().NotBeEmpty($"{command} is answered");
        }

        foreach (var (name, text) in new[] { ("nat", "hello from a script"), ("device-7", "21.5 degrees"), ("device-8", "22 degrees") })
            await ann.Inbox.ExpectAsync<MessageFrame>(message => message.From.Name == name && message.Text == text);
    }

    [Test]
    public async Task The_policy_in_the_readme_is_the_one_that_is_served()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var served = XDocument.Parse(await XmlSocketClient.PolicyAsync(server.RawPort));
        served.Root!.Elements().Where(access => access.Attribute("domain")!.Value != "localhost").Remove();
        XNode.DeepEquals(served.Root, XDocument.Parse(Block("xml policy").Single().Replace("5081", $"{server.RawPort}", StringComparison.Ordinal)).Root).Should().BeTrue($"{served} is served");
    }

    private static List<string> Block(string mark)
    {
        var lines = File.ReadLines(Path.Combine(Tools.Root, "Protocol", "README.md"), Encoding.UTF8)
            .SkipWhile(line => line != $"```{mark}").Skip(1).TakeWhile(line => line != "```").ToList();
        lines.Should().NotBeEmpty("the readme has a block marked «{0}»", mark);
        return lines;
    }
}
