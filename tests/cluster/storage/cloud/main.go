// cloud is what stands behind the CSI sidecars of the three-zone cluster: one process that is the controller of two CSI
// drivers and the cloud that they call. Disks live in one zone and attach to one node; shares are reached from everywhere.
// Nothing holds data: what is kept is which volumes and snapshots there are, in memory and in a file that shows them.
//
// It answers to the names ebs.csi.aws.com and efs.csi.aws.com, because what volguard knows, it knows by the names of drivers,
// and it refuses what those drivers and their cloud refuse: beside each refusal stands where that was read, but where it is plain
// what a cloud does.
package main

import (
	"context"
	"flag"
	"log"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc"
)

func main() {
	blockSocket := flag.String("block-socket", "", "where the driver of disks listens")
	fileSocket := flag.String("file-socket", "", "where the driver of shares listens")
	shown := flag.String("show", "", "a file that always shows which volumes and snapshots there are")
	flag.Parse()

	store := newStore(*shown)
	disks := grpc.NewServer()
	csi.RegisterIdentityServer(disks, identity{name: "ebs.csi.aws.com", zonal: true})
	csi.RegisterControllerServer(disks, &blockDriver{store: store})
	shares := grpc.NewServer()
	csi.RegisterIdentityServer(shares, identity{name: "efs.csi.aws.com"})
	csi.RegisterControllerServer(shares, &fileDriver{store: store})

	failed := make(chan error, 2)
	for socket, server := range map[string]*grpc.Server{*blockSocket: disks, *fileSocket: shares} {
		listener, err := net.Listen("unix", socket)
		if err != nil {
			log.Fatalf("%s: %v", socket, err)
		}
		go func() { failed <- server.Serve(listener) }()
	}
	ended, _ := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	select {
	case err := <-failed:
		log.Fatal(err)
	case <-ended.Done():
	}
}

// identity is the part of a driver that says who it is.
type identity struct {
	csi.UnimplementedIdentityServer
	name  string
	zonal bool
}

func (i identity) GetPluginInfo(context.Context, *csi.GetPluginInfoRequest) (*csi.GetPluginInfoResponse, error) {
	return &csi.GetPluginInfoResponse{Name: i.name, VendorVersion: "0"}, nil
}

func (i identity) GetPluginCapabilities(context.Context, *csi.GetPluginCapabilitiesRequest) (*csi.GetPluginCapabilitiesResponse, error) {
	services := []csi.PluginCapability_Service_Type{csi.PluginCapability_Service_CONTROLLER_SERVICE}
	if i.zonal {
		services = append(services, csi.PluginCapability_Service_VOLUME_ACCESSIBILITY_CONSTRAINTS)
	}
	response := &csi.GetPluginCapabilitiesResponse{}
	for _, service := range services {
		response.Capabilities = append(response.Capabilities, &csi.PluginCapability{
			Type: &csi.PluginCapability_Service_{Service: &csi.PluginCapability_Service{Type: service}},
		})
	}
	return response, nil
}

func (i identity) Probe(context.Context, *csi.ProbeRequest) (*csi.ProbeResponse, error) {
	return &csi.ProbeResponse{}, nil
}

// controllerCapabilities is the answer to ControllerGetCapabilities.
func controllerCapabilities(types ...csi.ControllerServiceCapability_RPC_Type) *csi.ControllerGetCapabilitiesResponse {
	response := &csi.ControllerGetCapabilitiesResponse{}
	for _, kind := range types {
		response.Capabilities = append(response.Capabilities, &csi.ControllerServiceCapability{
			Type: &csi.ControllerServiceCapability_Rpc{Rpc: &csi.ControllerServiceCapability_RPC{Type: kind}},
		})
	}
	return response
}
